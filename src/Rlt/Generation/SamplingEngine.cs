using Rlt.Models;
using Rlt.Statistics;
using Rlt.Text.Tokenization;
using static TorchSharp.torch;

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
    private readonly HashSet<int> _stopIds;

    /// <summary>An engine over a model; the tokenizer is needed for texts only.</summary>
    public SamplingEngine(Decoder model, Tokenizer? tokenizer, SamplingOptions options)
    {
        if (options.StopTexts.Count > 0 && tokenizer is null)
        {
            throw new ArgumentException("stop texts need a tokenizer", nameof(tokenizer));
        }

        (_model, _tokenizer, _options) = (model, tokenizer, options);
        _stopIds = [.. options.StopIds];
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
        var waiting = new Queue<(int Request, int Sample)>(
            requests.SelectMany((request, r) => request.Streams.Select((_, s) => (r, s))));
        using var batch = new RowBatch(_model);
        (int whole, int finished, long tokens) = (waiting.Count, 0, 0);
        while (waiting.Count > 0 || batch.Rows.Count > 0)
        {
            stop.ThrowIfCancellationRequested();
            int before = batch.Rows.Count;
            if (waiting.Count > 0 && batch.Rows.Count <= _options.MaxRows * 3 / 4)
            {
                Admit(requests, waiting, batch);
            }
            else
            {
                using var scope = NewDisposeScope();
                Draw(batch.Rows, batch.Step());
            }

            int drawn = batch.Rows.Count;
            tokens += drawn > before ? drawn - before : drawn;
            batch.Leave(row => Finish(row, Limit(row), results, onFinished));
            finished += drawn - batch.Rows.Count;
            progress?.Invoke((finished + batch.Rows.Sum(row => (double)row.Ids.Count / Limit(row))) / whole, tokens);
        }

        return results;

        int Limit(SampleRow row) => Math.Min(requests[row.Request].MaxNewTokens ?? _options.MaxNewTokens, context - row.Prompt.Length);
    }

    /// <summary>A sample's text without the stop id that ended it; tags stay, even where the vocabulary has them as special tokens.</summary>
    /// <exception cref="InvalidOperationException">The engine has no tokenizer.</exception>
    public string Text(Sample sample)
    {
        bool ended = sample.Ids.Length > 0 && _stopIds.Contains(sample.Ids[^1]);
        return (_tokenizer ?? throw new InvalidOperationException("texts need a tokenizer")).Decode(ended ? sample.Ids[..^1] : sample.Ids);
    }

    private void Admit(IReadOnlyList<SamplingRequest> requests, Queue<(int Request, int Sample)> waiting, RowBatch batch)
    {
        using var scope = NewDisposeScope();
        int free = Math.Min(waiting.Count, _options.MaxRows - batch.Rows.Count);
        var rows = new List<SampleRow>();
        for (int i = 0; i < free; i++)
        {
            (int request, int sample) = waiting.Dequeue();
            rows.Add(new SampleRow(request, sample, requests[request].Prompt, requests[request].Streams[sample]));
        }

        (List<SampleRow> entered, Tensor logits_BV) = batch.Enter(rows);
        Draw(entered, logits_BV);
    }

    private void Draw(List<SampleRow> rows, Tensor logits_BV)
    {
        float[] uniforms = [.. rows.Select(row => RandomStream.Uniform(row.Stream, row.Ids.Count))];
        (int[] ids, float[] logProbs) = TokenSampler.Draw(logits_BV, uniforms, _options);
        for (int i = 0; i < rows.Count; i++)
        {
            rows[i].Ids.Add(ids[i]);
            rows[i].LogProbs.Add(logProbs[i]);
        }
    }

    private bool Finish(SampleRow row, int limit, Sample[][] results, Action<int, int, Sample>? onFinished)
    {
        bool stopped = _stopIds.Contains(row.Ids[^1]) || EndsWithStopText(row);
        if (!stopped && row.Ids.Count < limit)
        {
            return false;
        }

        var sample = new Sample([.. row.Ids], [.. row.LogProbs], stopped ? FinishReason.Stop : FinishReason.Length);
        results[row.Request][row.SampleIndex] = sample;
        onFinished?.Invoke(row.Request, row.SampleIndex, sample);
        return true;
    }

    // The text grows token by token; a stop text can only begin in the part not yet searched, less its own length.
    private bool EndsWithStopText(SampleRow row)
    {
        if (_options.StopTexts.Count == 0)
        {
            return false;
        }

        row.Decoded ??= _tokenizer!.OpenDecodeStream();
        int searchFrom = Math.Max(0, row.Text.Length - _options.StopTexts.Max(text => text.Length));
        row.Text.Append(row.Decoded.Append(row.Ids[^1]));
        string recent = row.Text.ToString(searchFrom, row.Text.Length - searchFrom);
        return _options.StopTexts.Any(text => recent.Contains(text, StringComparison.Ordinal));
    }
}
