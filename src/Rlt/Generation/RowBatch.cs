using Rlt.Models;
using Rlt.Models.Layers;
using Rlt.Statistics;
using Rlt.Text.Tokenization;
using static TorchSharp.torch;

namespace Rlt.Generation;

// B rows, P prompts, V vocabulary, D width
/// <summary>
/// The rows being decoded and their cache. Rows enter at any time, each is drawn by its own options, and leaves when it is done or cancelled; what is
/// drawn for it depends on its prompt, options and stream, not on the rows beside it.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="tokenizer">Finds stop texts; null where no row has any.</param>
public sealed class RowBatch(Decoder model, Tokenizer? tokenizer) : IDisposable
{
    /// <summary>Prompt tokens computed in one pass.</summary>
    public const int PromptBudget = 8192;

    private readonly SequenceCache _cache = new(model.Config, SequenceCache.BlockSize, model.ActivationType, model.Device);
    private readonly List<SampleRow> _rows = [];
    private readonly IDisposable? _around = model.HoldAround();
    private readonly int _lengthBoundary = model.Config.LengthBoundary;

    /// <summary>The rows being decoded.</summary>
    public IReadOnlyList<SampleRow> Rows => _rows;

    /// <summary>Decodes the rows' last tokens and draws one more for each.</summary>
    /// <returns>Tokens drawn.</returns>
    public int Step()
    {
        Leave(row => row.IsCancelled);
        if (_rows.Count == 0)
        {
            return 0;
        }

        foreach (SampleRow row in _rows.Where(row => row.Cached.Length == _lengthBoundary))
        {
            Recompute(row);
        }

        using var scope = NewDisposeScope();
        Tensor ids_B = tensor(_rows.Select(row => (long)row.Ids[^1]).ToArray(), device: model.Device);
        model.AnnouncePass();
        return Draw([.. _rows], model.Step(ids_B, _cache, [.. _rows.Select(row => row.Cached)]));
    }

    /// <summary>Computes the new rows' prompts, each distinct prompt once, adds the rows, and draws their first tokens.</summary>
    /// <returns>Tokens drawn.</returns>
    public int Enter(IReadOnlyList<SampleRow> entering)
    {
        using var scope = NewDisposeScope();
        SampleRow[][] prompts = [.. entering.GroupBy(row => row.Prompt).Select(group => group.ToArray())];
        TokenSequence[] distinct = [.. prompts.Select(rows => new TokenSequence(rows[0].Prompt, 1))];
        var entered = new List<SampleRow>();
        var logits = new List<Tensor>();
        foreach (int[] part in PackedBatch.Split(distinct, PromptBudget))
        {
            SampleRow[][] members = [.. part.Select(p => prompts[p])];
            logits.Add(ComputePrompts(members));
            entered.AddRange(members.SelectMany(rows => rows));
        }

        _rows.AddRange(entered);
        return Draw(entered, cat(logits));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cache.Dispose();
        _around?.Dispose();
    }

    // Rows of equal options are drawn together.
    private int Draw(List<SampleRow> rows, Tensor logits_BV)
    {
        foreach ((List<SampleRow> alike, Tensor part_BV) in Parts(rows, logits_BV, row => (row.Options.Temperature, row.Options.TopP, row.Options.TopK)))
        {
            float[] uniforms = [.. alike.Select(row => RandomStream.Uniform(row.Stream, row.Ids.Count))];
            (int[] ids, float[] logProbs) = TokenSampler.Draw(part_BV, uniforms, alike[0].Options);
            for (int i = 0; i < alike.Count; i++)
            {
                alike[i].Ids.Add(ids[i]);
                alike[i].LogProbs.Add(logProbs[i]);
            }
        }

        foreach ((List<SampleRow> alike, Tensor part_BV) in Parts(rows, logits_BV, row => row.Likeliest).Where(part => part.Alike[0].Likeliest is not null))
        {
            TokenPlace[] places = TokenPlace.Of(part_BV, [.. alike.Select(row => row.Ids[^1])], alike[0].Likeliest!.Value);
            for (int i = 0; i < alike.Count; i++)
            {
                alike[i].Places.Add(places[i]);
            }
        }

        foreach (SampleRow row in rows)
        {
            row.Finish = row.Options.StopIds.Contains(row.Ids[^1]) || EndsWithStopText(row) ? FinishReason.Stop
                : row.Ids.Count >= row.Limit ? FinishReason.Length : null;
            row.Drawn?.Invoke(row);
        }

        Leave(row => row.Finish is not null);
        return rows.Count;
    }

    private static IEnumerable<(List<SampleRow> Alike, Tensor Logits_BV)> Parts<T>(List<SampleRow> rows, Tensor logits_BV, Func<SampleRow, T> key)
    {
        (List<SampleRow> Alike, long[] Places)[] parts = [.. rows.Index().GroupBy(row => key(row.Item), row => row)
            .Select(group => (group.Select(row => row.Item).ToList(), group.Select(row => (long)row.Index).ToArray()))];
        return parts.Select(part => (part.Alike, parts.Length == 1 ? logits_BV : logits_BV.index_select(0, tensor(part.Places, device: logits_BV.device))));
    }

    private void Leave(Func<SampleRow, bool> isDone) => _rows.RemoveAll(row =>
    {
        bool done = isDone(row);
        if (done)
        {
            _cache.Close(row.Cached);
        }

        return done;
    });

    // The text grows token by token; a stop text can only begin in the part not yet searched, less its own length.
    private bool EndsWithStopText(SampleRow row)
    {
        IReadOnlyList<string> stops = row.Options.StopTexts;
        if (stops.Count == 0)
        {
            return false;
        }

        row.Decoded ??= (tokenizer ?? throw new InvalidOperationException("stop texts need a tokenizer")).OpenDecodeStream();
        int searchFrom = Math.Max(0, row.Text.Length - stops.Max(text => text.Length));
        row.Text.Append(row.Decoded.Append(row.Ids[^1]));
        string recent = row.Text.ToString(searchFrom, row.Text.Length - searchFrom);
        return stops.Any(text => recent.Contains(text, StringComparison.Ordinal));
    }

    // The next token makes the sequence so long that all of its positions have other angles: what is cached of them is computed anew.
    private void Recompute(SampleRow row)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        long[] ids = [.. row.Prompt.Concat(row.Ids).Take(row.Cached.Length).Select(id => (long)id)];
        _cache.Close(row.Cached);
        CachePlaces places = _cache.Extend([row.Cached], _ => ids.Length);
        using var layout = new SequenceLayout([new SequenceSegment(0, ids.Length, -1)], model.Device, [ids.Length + 1]);
        model.AnnouncePass();
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
        model.AnnouncePass();
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
