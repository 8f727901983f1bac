using Rlt.Distributed;
using Rlt.Models;
using Rlt.Text.Tokenization;

namespace Rlt.Generation;

/// <summary>
/// Samples many prompts at once: each prompt is computed once for all its samples, finished rows leave the batch and
/// waiting prompts enter it. A sample depends on its prompt and its stream, not on what else is in the batch.
/// </summary>
public sealed class SamplingEngine
{
    private readonly Decoder _model;
    private readonly Tokenizer? _tokenizer;
    private readonly SamplingOptions _options;

    /// <summary>An engine over a model; the tokenizer is needed for texts only.</summary>
    public SamplingEngine(Decoder model, Tokenizer? tokenizer, SamplingOptions options)
    {
        if (options.StopTexts.Count > 0 && tokenizer is null)
        {
            throw new ArgumentException("stop texts need a tokenizer", nameof(tokenizer));
        }

        (_model, _tokenizer, _options) = (model, tokenizer, options);
    }

    /// <summary>Samples every request.</summary>
    /// <param name="requests">The prompts.</param>
    /// <param name="progress">Is told after every token of the rows under way; a row that ends early is then done at once.</param>
    /// <param name="stop">Ends the work early with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>For each request, its samples in the order of its streams.</returns>
    public Sample[][] Run(IReadOnlyList<SamplingRequest> requests, WorkProgress? progress = null, CancellationToken stop = default)
    {
        int context = _model.Config.MaxPositions;
        for (int i = 0; i < requests.Count; i++)
        {
            if (requests[i].Prompt.Length == 0 || requests[i].Prompt.Length >= context)
            {
                throw new DataException(
                    $"prompt {i} has {requests[i].Prompt.Length} tokens; expected 1 to {context - 1} (the model's max_position_embeddings is {context})");
            }
        }

        // Each rank draws its share of the samples, and has all of them in the end.
        (int Request, int Sample)[] all = [.. requests.SelectMany((request, r) => request.Streams.Select((_, s) => (r, s)))];
        ICollectives ranks = _model.Sharding.Ranks;
        long[] costs = [.. all.Select(one => Limit(requests[one.Request]) + (one.Sample == 0 ? (long)requests[one.Request].Prompt.Length : 0))];
        Range share = WorkShare.Cut(costs, ranks.Size)[ranks.Rank];
        var results = new Sample[all.Length];
        (int finished, long tokens) = (0, 0);
        var waiting = new Queue<SampleRow>(Enumerable.Range(0, all.Length).Take(share).Select(place => Row(all[place], Ended(place))));
        int whole = waiting.Count;
        using var batch = new RowBatch(_model, _tokenizer);
        while ((waiting.Count > 0 || batch.Rows.Count > 0) && !stop.IsCancellationRequested)
        {
            tokens += waiting.Count > 0 && batch.Rows.Count <= _options.MaxRows * 3 / 4
                ? batch.Enter([.. Enumerable.Range(0, Math.Min(waiting.Count, _options.MaxRows - batch.Rows.Count)).Select(_ => waiting.Dequeue())])
                : batch.Step();
            progress?.Invoke((finished + batch.Rows.Sum(row => (double)row.Ids.Count / row.Limit)) / whole, tokens);
        }

        _model.AwaitRanks();
        ranks.ThrowIfStopped(stop);
        WorkShare.Complete(ranks, results, (writer, sample) => sample.Write(writer), Sample.Read);
        int next = 0;
        return [.. requests.Select(request => results[next..(next += request.Streams.Length)])];

        SampleRow Row((int Request, int Sample) one, Action<SampleRow> drawn) =>
            new(requests[one.Request].Prompt, requests[one.Request].Streams[one.Sample], _options, Limit(requests[one.Request])) { Drawn = drawn };

        Action<SampleRow> Ended(int place) => row =>
        {
            if (row.Finish is { } finish)
            {
                finished++;
                results[place] = new Sample([.. row.Ids], [.. row.LogProbs], finish);
            }
        };
    }

    /// <summary>A sample's text without the stop id that ended it; tags stay, even where the vocabulary has them as special tokens.</summary>
    /// <exception cref="InvalidOperationException">The engine has no tokenizer.</exception>
    public string Text(Sample sample)
    {
        bool ended = sample.Ids.Length > 0 && _options.StopIds.Contains(sample.Ids[^1]);
        return (_tokenizer ?? throw new InvalidOperationException("texts need a tokenizer")).Decode(ended ? sample.Ids[..^1] : sample.Ids);
    }

    private int Limit(SamplingRequest request) => Math.Min(request.MaxNewTokens ?? _options.MaxNewTokens, _model.Config.MaxPositions - request.Prompt.Length);
}
