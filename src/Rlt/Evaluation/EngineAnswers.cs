using Rlt.Distributed;
using Rlt.Generation;
using Rlt.Models;
using Rlt.Statistics;

namespace Rlt.Evaluation;

/// <summary>Answers by the engine in this process, block by block. A question that fills the model's context has an empty, truncated answer.</summary>
public sealed class EngineAnswers(EvalConfig config, EvalSampling sampling, LanguageModel model) : IAnswerSource
{
    private readonly EnginePrompt _prompt = new(model.Text, config.TemplateArgs);

    private readonly SamplingEngine _engine = new(model.Decoder, model.Tokenizer, new SamplingOptions
    {
        Temperature = sampling.Temperature,
        TopP = sampling.TopP,
        MaxNewTokens = sampling.MaxNewTokens,
        MaxRows = config.SamplingRows,
        StopIds = model.StopIds,
    });

    /// <summary>Is told how far a block has come; made anew for each.</summary>
    public Func<string, WorkProgress>? During { get; init; }

    /// <inheritdoc/>
    public int? BlockQuestions => config.BlockSize;

    /// <inheritdoc/>
    public void Answer(IReadOnlyList<AnswerRequest> requests, Action<IReadOnlyList<SampledAnswer>> answered, CancellationToken stop)
    {
        foreach (IGrouping<int, AnswerRequest> block in requests.GroupBy(request => request.Index / config.BlockSize))
        {
            model.Decoder.Sharding.Ranks.ThrowIfStopped(stop);
            answered(Block([.. block.GroupBy(request => request.Index).Select(samples => samples.ToArray())], stop));
        }
    }

    private List<SampledAnswer> Block(AnswerRequest[][] block, CancellationToken stop)
    {
        ILookup<bool, (AnswerRequest[] Asked, int[] Ids)> prompts = block.Select(asked => (asked, _prompt.Ids(asked[0].Question)))
            .ToLookup(prompt => _prompt.Fits(prompt.Item2));
        (AnswerRequest[] Asked, int[] Ids)[] fitting = [.. prompts[true]];
        Sample[][] samples = _engine.Run(
            [.. fitting.Select(prompt => new SamplingRequest(
                prompt.Ids, [.. prompt.Asked.Select(request => RandomStream.Key(config.Seed, request.Index, request.Sample))]))], stop: stop,
            progress: During?.Invoke("sample"));
        return
        [
            .. fitting.SelectMany((prompt, i) =>
            {
                string opened = _prompt.OpenedThought(prompt.Asked[0].Question);
                return prompt.Asked.Select((request, k) => Answer(request, opened, samples[i][k]));
            }),
            .. prompts[false].SelectMany(prompt => prompt.Asked.Select(request => new SampledAnswer(request, "", Truncated: true, Tokens: 0))),
        ];
    }

    private SampledAnswer Answer(AnswerRequest request, string openedThought, Sample sample) =>
        new(request, _engine.Text(sample), sample.Finish != FinishReason.Stop, sample.Ids.Length)
    {
        OpenedThought = openedThought,
    };
}
