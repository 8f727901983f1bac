using Rlt.Models;
using Rlt.Models.Layers;
using static TorchSharp.torch;

namespace Rlt.Generation;

// B rows, P prompts, V vocabulary, D width
/// <summary>The rows being decoded and their cache: rows enter with their prompts computed, and leave when done.</summary>
internal sealed class RowBatch(Decoder model) : IDisposable
{
    // Prompt tokens computed in one pass.
    private const int PromptBudget = 8192;
    private readonly SequenceCache _cache = new(model.Config, SequenceCache.BlockSize, model.ActivationType, model.Device);

    /// <summary>The rows being decoded.</summary>
    public List<SampleRow> Rows { get; } = [];

    /// <summary>Decodes each row's last token: logits [B, V] for its next.</summary>
    public Tensor Step()
    {
        foreach (SampleRow row in Rows.Where(row => row.Cached.Length == model.Config.LengthBoundary))
        {
            Recompute(row);
        }

        Tensor ids_B = tensor(Rows.Select(row => (long)row.Ids[^1]).ToArray(), device: model.Device);
        return model.Step(ids_B, _cache, [.. Rows.Select(row => row.Cached)]);
    }

    /// <summary>Computes the new rows' prompts, each distinct prompt once, and adds the rows, those of one prompt together.</summary>
    /// <returns>The rows in their new order, and logits [new rows, V] for their first tokens.</returns>
    public (List<SampleRow> Entered, Tensor Logits_BV) Enter(List<SampleRow> entering)
    {
        SampleRow[][] prompts = [.. entering.GroupBy(row => row.Request).Select(group => group.ToArray())];
        TokenSequence[] distinct = [.. prompts.Select(rows => new TokenSequence(rows[0].Prompt, 1))];
        var entered = new List<SampleRow>();
        var logits = new List<Tensor>();
        foreach (int[] part in PackedBatch.Split(distinct, PromptBudget))
        {
            SampleRow[][] members = [.. part.Select(p => prompts[p])];
            logits.Add(ComputePrompts(members));
            entered.AddRange(members.SelectMany(rows => rows));
        }

        Rows.AddRange(entered);
        return (entered, cat(logits));
    }

    /// <summary>Drops the rows that <paramref name="ended"/> says are done.</summary>
    public void Leave(Func<SampleRow, bool> ended) => Rows.RemoveAll(row =>
    {
        bool done = ended(row);
        if (done)
        {
            _cache.Close(row.Cached);
        }

        return done;
    });

    /// <inheritdoc/>
    public void Dispose() => _cache.Dispose();

    // The next token makes the sequence so long that all of its positions have other angles: what is cached of them is computed anew.
    private void Recompute(SampleRow row)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        long[] ids = [.. row.Prompt.Concat(row.Ids).Take(row.Cached.Length).Select(id => (long)id)];
        _cache.Close(row.Cached);
        CachePlaces places = _cache.Extend([row.Cached], _ => ids.Length);
        using var layout = new SequenceLayout([new SequenceSegment(0, ids.Length, -1)], model.Device, [ids.Length + 1]);
        model.Top(tensor(ids, device: model.Device), new PackedPass(layout, _cache, places));
    }

    // Logits for the first token of every row, prompt after prompt.
    private Tensor ComputePrompts(SampleRow[][] members)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        int[][] prompts = [.. members.Select(rows => rows[0].Prompt)];
        CachedRow[] computed = [.. prompts.Select(_ => new CachedRow())];
        CachePlaces places = _cache.Extend(computed, p => prompts[p].Length);
        using SequenceLayout layout = SequenceLayout.Of(prompts.Select(prompt => prompt.Length), model.Device);
        Tensor ids_N = tensor(prompts.SelectMany(prompt => prompt.Select(id => (long)id)).ToArray(), device: model.Device);
        Tensor top_ND = model.Top(ids_N, new PackedPass(layout, _cache, places));
        Tensor last_P = tensor(layout.Segments.Select(segment => (long)segment.Start + segment.Length - 1).ToArray(), device: model.Device);
        Tensor logits_PV = model.Logits(model.Normed(top_ND.index_select(0, last_P)));
        for (int p = 0; p < members.Length; p++)
        {
            CachedRow[] forks = _cache.Fork(computed[p], members[p].Length);
            for (int i = 0; i < forks.Length; i++)
            {
                members[p][i].Cached = forks[i];
            }

            _cache.Close(computed[p]);
        }

        Tensor prompt_B = tensor(members.SelectMany((rows, p) => rows.Select(_ => (long)p)).ToArray(), device: model.Device);
        return scope.MoveToOuter(logits_PV.index_select(0, prompt_B));
    }
}
