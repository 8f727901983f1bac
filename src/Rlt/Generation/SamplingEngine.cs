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
    /// <param name="onFinished">Called with (request, sample, result) as each ends, or null.</param>
    /// <param name="progress">Is told after every token of the rows under way; a row that ends early is then done at once.</param>
    /// <param name="stop">Ends the work early with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>For each request, its samples in the order of its streams.</returns>
    public Sample[][] Run(
        IReadOnlyList<SamplingRequest> requests, Action<int, int, Sample>? onFinished = null, WorkProgress? progress = null, CancellationToken stop = default)
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

        var results = requests.Select(request => new Sample[request.Streams.Length]).ToArray();
        (int finished, long tokens) = (0, 0);
        var waiting = new Queue<SampleRow>(requests.SelectMany((request, r) => request.Streams.Select((stream, s) => Row(request, stream, Ended(r, s)))));
        int whole = waiting.Count;
        using var batch = new RowBatch(_model, _tokenizer);
        while (waiting.Count > 0 || batch.Rows.Count > 0)
        {
            stop.ThrowIfCancellationRequested();
            tokens += waiting.Count > 0 && batch.Rows.Count <= _options.MaxRows * 3 / 4
                ? batch.Enter([.. Enumerable.Range(0, Math.Min(waiting.Count, _options.MaxRows - batch.Rows.Count)).Select(_ => waiting.Dequeue())])
                : batch.Step();
            progress?.Invoke((finished + batch.Rows.Sum(row => (double)row.Ids.Count / row.Limit)) / whole, tokens);
        }

        return results;

        Action<SampleRow> Ended(int request, int sample) => row =>
        {
            if (row.Finish is { } finish)
            {
                finished++;
                results[request][sample] = new Sample([.. row.Ids], [.. row.LogProbs], finish);
                onFinished?.Invoke(request, sample, results[request][sample]);
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

    private SampleRow Row(SamplingRequest request, ulong stream, Action<SampleRow> drawn) => new(
        request.Prompt, stream, _options, Math.Min(request.MaxNewTokens ?? _options.MaxNewTokens, _model.Config.MaxPositions - request.Prompt.Length))
    {
        Drawn = drawn,
    };
}
