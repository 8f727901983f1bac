using Rlt.Generation;
using Rlt.Models;
using Rlt.Teaching;

namespace Rlt.Evaluation;

/// <summary>Answers by the engine in this process, block by block.</summary>
public sealed class EngineAnswers(EvalConfig config, EvalSampling sampling, LanguageModel model) : IAnswerSource
{
    private readonly ChatRenderer _chat = new(model.Text.RequireTemplate());

    private readonly SamplingEngine _engine = new(model.Decoder, model.Tokenizer, new SamplingOptions
    {
        Temperature = sampling.Temperature,
        TopP = sampling.TopP,
        MaxNewTokens = sampling.MaxNewTokens,
        MaxRows = config.SamplingRows,
        StopIds = model.StopIds,
    });

    /// <inheritdoc/>
    public int? BlockQuestions => config.BlockSize;

    /// <inheritdoc/>
    public void Answer(IReadOnlyList<AnswerRequest> requests, Action<IReadOnlyList<SampledAnswer>> answered, CancellationToken stop)
    {
        foreach (IGrouping<int, AnswerRequest> block in requests.GroupBy(request => request.Index / config.BlockSize))
        {
            stop.ThrowIfCancellationRequested();
            answered(Block([.. block.GroupBy(request => request.Index).Select(samples => samples.ToArray())], stop));
        }
    }

    private List<SampledAnswer> Block(AnswerRequest[][] block, CancellationToken stop)
    {
        SamplingRequest[] requests = [.. block.Select(samples => new SamplingRequest(
            model.Tokenizer.Encode(_chat.Prompt(samples[0].Question.System, samples[0].Question.Prompt), addSpecialTokens: false).Ids,
            [.. samples.Select(request => RandomStream.Key(config.Seed, request.Index, request.Sample))]))];
        Sample[][] samples = _engine.Run(requests, stop: stop);
        return [.. block.SelectMany((asked, i) => asked.Select((request, k) => Answer(request, samples[i][k])))];
    }

    private SampledAnswer Answer(AnswerRequest request, Sample sample)
    {
        bool stopped = sample.Finish == FinishReason.Stop;
        return new SampledAnswer(request, model.Tokenizer.Decode(stopped ? sample.Ids[..^1] : sample.Ids), !stopped, sample.Ids.Length);
    }
}
