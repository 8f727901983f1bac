using System.Text.Json.Nodes;
using Rlt.Generation;
using Rlt.Models;
using Rlt.Servers;
using Rlt.Statistics;

namespace Rlt.Teaching.Collection;

/// <summary>
/// Explanations by an OpenAI-compatible server, a request a sample, several at once. Prompts are written here: they end inside the teacher's turn.
/// </summary>
/// <param name="config">How they are sampled, and by whom.</param>
/// <param name="teacher">The teacher's tokenizer and context.</param>
/// <param name="format">The teacher's prompts.</param>
/// <param name="client">Asks the server.</param>
public sealed class ServerExplainer(CollectConfig config, ModelText teacher, TeachingFormat format, CompletionClient client)
{
    private readonly string _close = format.Format.ExplanationClose;
    private string? _served = config.Server.Model;
    private volatile bool _hidesStops;

    /// <summary>Explains a block of tasks.</summary>
    /// <param name="tasks">The tasks.</param>
    /// <param name="first">The first one's place in the data.</param>
    /// <param name="progress">Is told how far the work has come.</param>
    /// <returns>The explanations, task by task, each task's in the order of its samples; without log-probabilities.</returns>
    /// <exception cref="ConfigException">There is no server, or it has no such model.</exception>
    /// <exception cref="RunFailedException">A request failed for good.</exception>
    public IReadOnlyList<Explanation> Explain(IReadOnlyList<TeachingTask> tasks, int first, WorkProgress? progress)
    {
        int[][] prompts = [.. tasks.Select(task => teacher.Tokenizer.Encode(format.TeacherPrompt(task), addSpecialTokens: false).Ids)];
        var explanations = new Explanation[tasks.Count * config.Samples];
        (var told, int done, long tokens) = (new Lock(), 0, 0L);
        try
        {
            _served ??= client.OnlyModelAsync(CancellationToken.None).GetAwaiter().GetResult();
            Parallel.ForEachAsync(
                Enumerable.Range(0, explanations.Length), new ParallelOptions { MaxDegreeOfParallelism = config.Server.Concurrency },
                async (k, stop) =>
                {
                    (int task, int sample) = (k / config.Samples, k % config.Samples);
                    explanations[k] = await OneAsync(tasks[task], prompts[task], first + task, sample, stop).ConfigureAwait(false);
                    lock (told)
                    {
                        progress?.Invoke(++done / (double)explanations.Length, tokens += explanations[k].Sample.Ids.Length);
                    }
                }).GetAwaiter().GetResult();
            return explanations;
        }
        catch (ServerException error) when (error is { IsOfAll: true, IsUnreachable: true })
        {
            throw new ConfigException($"{config.Server.Url}: {error.Message}", error);
        }
        catch (ServerException error)
        {
            throw new RunFailedException($"{config.Server.Url}: {error.Message}. The blocks before are kept, and the same command goes on after them.", error);
        }
    }

    private async Task<Explanation> OneAsync(TeachingTask task, int[] prompt, int index, int sample, CancellationToken stop)
    {
        bool stops = !_hidesStops;
        JsonObject body = Body(task, prompt, index, sample, stops);
        Completion answer = await client.AskAsync(body, stop).ConfigureAwait(false);
        bool isOpen = !answer.Truncated && answer.Refusal is null && !answer.Text.Contains(_close, StringComparison.Ordinal);
        if (isOpen && stops && !answer.TellsStop)
        {
            // It may have ended at the closing tag and cut it off, or without one. From here on the model writes on to its own end.
            _hidesStops = true;
            body.Remove("stop");
            answer = await client.AskAsync(body, stop).ConfigureAwait(false);
        }

        string text = answer.Refusal is not null ? "" : isOpen && answer.StoppedBy == _close ? answer.Text + _close : ToTag(answer.Text);
        int[] ids = teacher.Tokenizer.Encode(text, addSpecialTokens: false).Ids;
        return new Explanation(task, prompt, new Sample(ids, [], answer.Truncated ? FinishReason.Length : FinishReason.Stop), text);
    }

    private string ToTag(string text) => text.IndexOf(_close, StringComparison.Ordinal) is >= 0 and int at ? text[..(at + _close.Length)] : text;

    // include_stop_str_in_output and skip_special_tokens as vLLM and rlt serve have them; OpenAI's form has nothing for it.
    private JsonObject Body(TeachingTask task, int[] prompt, int index, int sample, bool stops)
    {
        var body = new JsonObject
        {
            ["model"] = _served,
            ["prompt"] = format.TeacherPrompt(task),
            ["add_special_tokens"] = false,
            ["skip_special_tokens"] = false,
            ["include_stop_str_in_output"] = true,
            ["temperature"] = config.Temperature,
            ["top_p"] = config.TopP,
            ["max_tokens"] = Math.Min(config.MaxNewTokens, teacher.Config.MaxPositions - prompt.Length),
            ["seed"] = (int)(RandomStream.Key(config.Seed, index, sample) >> 33),
        };
        if (stops)
        {
            body["stop"] = new JsonArray(_close);
        }

        return body;
    }
}
