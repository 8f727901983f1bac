using Rlt.Models;
using static TorchSharp.torch;

namespace Rlt.Generation;

// B rows, V vocabulary
/// <summary>The rows being decoded and their cache: rows enter with their prompts computed, and leave when done.</summary>
internal sealed class RowBatch(Decoder model) : IDisposable
{
    // Padded prompt tokens computed in one pass.
    private const int PromptBudget = 8192;
    private KeyValueCache? _cache;

    /// <summary>The rows, in the cache's order.</summary>
    public List<SampleRow> Rows { get; } = [];

    /// <summary>Decodes each row's last token: logits [B, V] for its next.</summary>
    public Tensor Step()
    {
        Tensor ids_B = tensor(Rows.Select(row => (long)row.Ids[^1]).ToArray(), device: model.Device);
        return model.Step(ids_B, [.. Rows.Select(row => row.Position)], _cache!);
    }

    /// <summary>Computes the new rows' prompts, each distinct prompt once, and adds the rows: logits [new rows, V] for their first tokens.</summary>
    public Tensor Enter(List<SampleRow> entering)
    {
        int longest = Math.Max(entering.Max(row => row.Prompt.Length), _cache?.Capacity ?? 0);
        var merged = new KeyValueCache(model.Config, Rows.Count + entering.Count, longest, model.Dtype, model.Device);
        if (_cache is not null && Rows.Count > 0)
        {
            int[] kept = [.. Enumerable.Range(0, Rows.Count)];
            merged.CopyRows(_cache, kept, kept, Rows.Max(row => row.Position));
        }

        int firstNew = Rows.Count;
        var logits = new Tensor[entering.Count];
        var prompts = entering.Select((row, i) => (row, i)).GroupBy(pair => pair.row.Request).Select(group => group.Select(pair => pair.i).ToArray()).ToArray();
        TokenSequence[] distinct = [.. prompts.Select(members => new TokenSequence(entering[members[0]].Prompt, 1))];
        foreach (int[] part in PaddedBatch.Split(distinct, PromptBudget))
        {
            ComputePrompts([.. part.Select(p => prompts[p])], entering, firstNew, merged, logits);
        }

        _cache?.Dispose();
        _cache = merged;
        Rows.AddRange(entering);
        return stack(logits);
    }

    /// <summary>Marks the rows that <paramref name="ended"/> says are done, and drops done rows once they are a quarter of the batch.</summary>
    public void Leave(Func<SampleRow, bool> ended)
    {
        foreach (SampleRow row in Rows)
        {
            row.Done = row.Done || ended(row);
        }

        int done = Rows.Count(row => row.Done);
        if (done == 0 || done * 4 < Rows.Count)
        {
            return;
        }

        int[] kept = [.. Enumerable.Range(0, Rows.Count).Where(i => !Rows[i].Done)];
        if (kept.Length > 0)
        {
            _cache!.KeepRows(kept);
        }

        Rows.RemoveAll(row => row.Done);
    }

    /// <inheritdoc/>
    public void Dispose() => _cache?.Dispose();

    private void ComputePrompts(int[][] members, List<SampleRow> entering, int firstNew, KeyValueCache merged, Tensor[] logits)
    {
        int[][] prompts = [.. members.Select(rows => entering[rows[0]].Prompt)];
        int width = prompts.Max(prompt => prompt.Length);
        var ids = new long[prompts.Length * width];
        for (int p = 0; p < prompts.Length; p++)
        {
            for (int t = 0; t < prompts[p].Length; t++)
            {
                ids[(p * width) + t] = prompts[p][t];
            }
        }

        using var promptCache = new KeyValueCache(model.Config, prompts.Length, width, model.Dtype, model.Device);
        Tensor hidden_BTD = model.Hidden(tensor(ids, [prompts.Length, width], device: model.Device), promptCache);
        Tensor last_B = tensor(prompts.Select((prompt, p) => ((long)p * width) + prompt.Length - 1).ToArray(), device: model.Device);
        using var noGrad = no_grad();
        Tensor logits_BV = model.Logits(hidden_BTD.view(-1, hidden_BTD.size(-1)).index_select(0, last_B));
        int[] from = [.. members.SelectMany((rows, p) => rows.Select(_ => p))];
        int[] to = [.. members.SelectMany(rows => rows)];
        merged.CopyRows(promptCache, from, [.. to.Select(row => firstNew + row)], width);
        for (int i = 0; i < to.Length; i++)
        {
            logits[to[i]] = logits_BV.select(0, from[i]);
        }
    }
}
