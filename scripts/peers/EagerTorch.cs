using System.Diagnostics;
using Rlt.Benchmarks;
using Rlt.Platform;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace Rlt.Peers;

// B sequences, T tokens, S positions, H heads, K key heads, E head width
/// <summary>A Qwen2 as a PyTorch user writes it: eager operators, autograd, a cache of its final size, AdamW of the library.</summary>
internal sealed class EagerTorch
{
    private const int Length = 512;
    private const int Prompt = 128;
    private const int New = 128;

    private readonly PeerShape _shape;
    private readonly ScalarType _dtype;
    private readonly TorchSharp.Modules.Parameter _embedding;
    private readonly TorchSharp.Modules.Parameter _norm;
    private readonly Block[] _blocks;
    private readonly List<TorchSharp.Modules.Parameter> _parameters = [];
    private readonly Tensor _cos;
    private readonly Tensor _sin;

    public EagerTorch(PeerShape shape, bool bf16)
    {
        TorchLibrary.Load();
        set_num_threads(Environment.ProcessorCount);
        (_shape, _dtype) = (shape, bf16 ? ScalarType.BFloat16 : ScalarType.Float32);
        long width = shape.HiddenSize, inner = shape.IntermediateSize, queries = (long)shape.HeadCount * shape.HeadSize, keys = (long)shape.KeyValueHeadCount * shape.HeadSize;
        _embedding = Weight(shape.VocabularySize, width);
        _norm = Weight(width);
        _blocks =
        [
            .. Enumerable.Range(0, shape.LayerCount).Select(_ => new Block(
                Weight(width), Weight(queries, width), Weight(queries), Weight(keys, width), Weight(keys), Weight(keys, width), Weight(keys), Weight(width, queries),
                Weight(width), Weight(inner, width), Weight(inner, width), Weight(width, inner))),
        ];
        Tensor frequencies = 1.0 / pow(shape.RopeTheta, arange(0, shape.HeadSize, 2).to(ScalarType.Float32) / shape.HeadSize);
        Tensor angles = outer(arange(Math.Max(Length, Prompt + New)).to(ScalarType.Float32), frequencies);
        angles = cat([angles, angles], -1);
        (_cos, _sin) = (angles.cos().to(_dtype), angles.sin().to(_dtype));
    }

    public void Measure(int batch, int[] rowCounts, int repetitions, Action<string, string, double> say)
    {
        using Tensor ids_BT = randint(0, _shape.VocabularySize, [batch, Length]);
        int tokens = batch * Length;
        say("torch", "prefill", tokens / Seconds(() => Last(ids_BT)));
        say("torch", "score", tokens / Seconds(() => Score(ids_BT)));
        using (var optimizer = optim.AdamW(_parameters, lr: 1e-4))
        {
            say("torch", "sft_step", tokens / Seconds(() => Train(ids_BT, optimizer)));
        }

        foreach (int rows in rowCounts)
        {
            say("torch", $"decode_{rows}", rows * (New - 1) / Enumerable.Range(0, repetitions + 1).Select(_ => Decode(rows)).Skip(1).Order().ElementAt(repetitions / 2));
        }

        double Seconds(Action work) => Stopwatches.Median(
            () =>
            {
                using var scope = NewDisposeScope();
                work();
            },
            CPU,
            repetitions);
    }

    /// <summary>Seconds of a step of on-policy distillation as one writes it: a cache to sample, then the whole logits of both models, and autograd.</summary>
    public double DistillSeconds(EagerTorch teacher, int samples, int repetitions)
    {
        using var optimizer = optim.AdamW(_parameters, lr: 1e-6);
        using Tensor prompts_BT = randint(0, _shape.VocabularySize, [samples, Prompt]);
        return Stopwatches.Median(
            () =>
            {
                using var scope = NewDisposeScope();
                Tensor ids_BT = Sampled(prompts_BT);
                Tensor teacher_NV;
                using (no_grad())
                {
                    teacher_NV = teacher.AnswerLogProbs(ids_BT);
                }

                optimizer.zero_grad();
                Tensor student_NV = AnswerLogProbs(ids_BT);
                Tensor loss = (student_NV.exp() * (student_NV - teacher_NV)).sum(-1).mean();
                loss.backward();
                optimizer.step();
                loss.item<float>();
            },
            CPU,
            repetitions);
    }

    private Tensor AnswerLogProbs(Tensor ids_BT) =>
        F.log_softmax(Logits(ids_BT, null, 0, last: false).narrow(1, Prompt - 1, New).to(ScalarType.Float32).reshape(-1, _shape.VocabularySize), -1);

    private Tensor Sampled(Tensor prompts_BT)
    {
        using var noGrad = no_grad();
        using var all = NewDisposeScope();
        long rows = prompts_BT.size(0);
        (Tensor, Tensor)[] caches = [.. _blocks.Select(_ => (Cache(rows), Cache(rows)))];
        var drawn = new List<Tensor> { prompts_BT, Draw(Logits(prompts_BT, caches, 0, last: true)) };
        for (int position = Prompt; position < Prompt + New - 1; position++)
        {
            using var scope = NewDisposeScope();
            drawn.Add(Draw(Logits(drawn[^1], caches, position, last: true)).MoveToOuterDisposeScope());
        }

        return cat(drawn, 1).MoveToOuterDisposeScope();
    }

    private Tensor Cache(long rows) => zeros([rows, _shape.KeyValueHeadCount, Prompt + New, _shape.HeadSize], _dtype);

    private static Tensor Draw(Tensor logits_B1V) => multinomial(F.softmax(logits_B1V.select(1, 0).to(ScalarType.Float32), -1), 1);

    private TorchSharp.Modules.Parameter Weight(params long[] sizes)
    {
        var weight = new TorchSharp.Modules.Parameter((sizes.Length == 1 ? ones(sizes) : randn(sizes) * 0.02).to(_dtype));
        _parameters.Add(weight);
        return weight;
    }

    private void Last(Tensor ids_BT)
    {
        using var noGrad = no_grad();
        Logits(ids_BT, null, 0, last: true).sum().to(ScalarType.Float32).item<float>();
    }

    private void Score(Tensor ids_BT)
    {
        using var noGrad = no_grad();
        Loss(ids_BT, nn.Reduction.None).sum().item<float>();
    }

    private void Train(Tensor ids_BT, optim.Optimizer optimizer)
    {
        optimizer.zero_grad();
        Tensor loss = Loss(ids_BT, nn.Reduction.Mean);
        loss.backward();
        optimizer.step();
        loss.item<float>();
    }

    private Tensor Loss(Tensor ids_BT, nn.Reduction reduction) =>
        F.cross_entropy(Logits(ids_BT, null, 0, last: false).to(ScalarType.Float32).view(-1, _shape.VocabularySize), ids_BT.view(-1), reduction: reduction);

    // Seconds of the steps after the prompt.
    private double Decode(int rows)
    {
        using var noGrad = no_grad();
        using var all = NewDisposeScope();
        (Tensor, Tensor)[] caches = [.. _blocks.Select(_ => (Cache(rows), Cache(rows)))];
        Tensor next_B1 = Draw(Logits(randint(0, _shape.VocabularySize, [rows, Prompt]), caches, 0, last: true));
        long start = Stopwatch.GetTimestamp();
        for (int position = Prompt; position < Prompt + New - 1; position++)
        {
            using var scope = NewDisposeScope();
            next_B1 = Draw(Logits(next_B1, caches, position, last: true)).MoveToOuterDisposeScope();
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private Tensor Logits(Tensor ids_BT, (Tensor K, Tensor V)[]? caches, long position, bool last)
    {
        long length = ids_BT.size(1);
        Tensor x_BTD = _embedding.index_select(0, ids_BT.view(-1)).view(ids_BT.size(0), length, _shape.HiddenSize);
        Tensor cos_TE = _cos.narrow(0, position, length), sin_TE = _sin.narrow(0, position, length);
        for (int layer = 0; layer < _blocks.Length; layer++)
        {
            using var scope = NewDisposeScope();
            Block block = _blocks[layer];
            x_BTD = x_BTD + Attended(block, Norm(x_BTD, block.InputNorm), cos_TE, sin_TE, caches?[layer], position);
            Tensor normed_BTD = Norm(x_BTD, block.PostNorm);
            x_BTD = (x_BTD + F.linear(F.silu(F.linear(normed_BTD, block.Gate)) * F.linear(normed_BTD, block.Up), block.Down)).MoveToOuterDisposeScope();
        }

        x_BTD = Norm(x_BTD, _norm);
        return F.linear(last ? x_BTD.narrow(1, length - 1, 1) : x_BTD, _embedding);
    }

    private Tensor Attended(Block block, Tensor x_BTD, Tensor cos_TE, Tensor sin_TE, (Tensor K, Tensor V)? cache, long position)
    {
        (long batch, long length, int heads, int kvHeads) = (x_BTD.size(0), x_BTD.size(1), _shape.HeadCount, _shape.KeyValueHeadCount);
        Tensor q_BHTE = Turned(Heads(F.linear(x_BTD, block.Query, block.QueryBias), heads)), k_BKSE = Turned(Heads(F.linear(x_BTD, block.Key, block.KeyBias), kvHeads));
        Tensor v_BKSE = Heads(F.linear(x_BTD, block.Value, block.ValueBias), kvHeads);
        if (cache is { } kept)
        {
            kept.K.narrow(2, position, length).copy_(k_BKSE);
            kept.V.narrow(2, position, length).copy_(v_BKSE);
            (k_BKSE, v_BKSE) = (kept.K.narrow(2, 0, position + length), kept.V.narrow(2, 0, position + length));
        }

        Tensor y_BHTE;
        if (length == 1)
        {
            Tensor scores = q_BHTE.reshape(batch, kvHeads, heads / kvHeads, _shape.HeadSize).matmul(k_BKSE.transpose(-1, -2)) * (1 / Math.Sqrt(_shape.HeadSize));
            y_BHTE = F.softmax(scores, -1).matmul(v_BKSE).reshape(batch, heads, 1, _shape.HeadSize);
        }
        else
        {
            y_BHTE = F.scaled_dot_product_attention(q_BHTE, Repeated(k_BKSE), Repeated(v_BKSE), is_casual: true);
        }

        return F.linear(y_BHTE.transpose(1, 2).reshape(batch, length, -1), block.Output);

        Tensor Heads(Tensor x, int count) => x.view(batch, length, count, _shape.HeadSize).transpose(1, 2);

        Tensor Turned(Tensor x)
        {
            Tensor[] halves = x.chunk(2, -1);
            return (x * cos_TE) + (cat([-halves[1], halves[0]], -1) * sin_TE);
        }

        Tensor Repeated(Tensor x) => x.unsqueeze(2).expand(batch, kvHeads, heads / kvHeads, x.size(2), _shape.HeadSize).reshape(batch, heads, x.size(2), _shape.HeadSize);
    }

    private Tensor Norm(Tensor x, Tensor weight)
    {
        Tensor wide = x.to(ScalarType.Float32);
        return weight * (wide * rsqrt(wide.square().mean([-1], keepdim: true) + _shape.NormEpsilon)).to(_dtype);
    }

    private sealed record Block(
        Tensor InputNorm, Tensor Query, Tensor QueryBias, Tensor Key, Tensor KeyBias, Tensor Value, Tensor ValueBias, Tensor Output, Tensor PostNorm, Tensor Gate, Tensor Up, Tensor Down);
}
