using System.Diagnostics;
using System.Threading.Channels;
using Rlt.Generation;
using Rlt.Serving.Requests;
using Rlt.Statistics;

namespace Rlt.Serving.Engine;

/// <summary>A token that was drawn for a request.</summary>
/// <param name="Choice">Which of its answers it belongs to.</param>
/// <param name="Id">The token.</param>
/// <param name="Place">Its place in the model's distribution, where that is told.</param>
/// <param name="Finish">Why the answer ends with it; null where it goes on.</param>
internal readonly record struct DrawnToken(int Choice, int Id, TokenPlace? Place, FinishReason? Finish);

/// <summary>A request's work for the engine: prompts to score, then rows to draw.</summary>
internal sealed class Job
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<DrawnToken>? _tokens;
    private int _undone;
    private volatile bool _isCancelled;

    /// <summary>The work of a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="context">The model's context; tokens.</param>
    /// <param name="stream">Keys what is drawn of a request without a seed.</param>
    public Job(ApiRequest request, int context, ulong stream)
    {
        Request = request;
        _tokens = request.Stream ? Channel.CreateUnbounded<DrawnToken>(new UnboundedChannelOptions { SingleReader = true }) : null;
        PromptPlaces = new TokenPlace[request.ScoresPrompt is null ? 0 : request.Prompts.Count][];
        Rows = request.MaxTokens == 0 ? [] :
        [
            .. request.Prompts.SelectMany((prompt, p) => Enumerable.Range(0, request.Choices).Select(choice => new SampleRow(
                prompt.Ids,
                RandomStream.Key(request.Seed ?? unchecked((long)stream), p, choice),
                request.Sampling,
                request.MaxTokens ?? context - prompt.Ids.Length)
            {
                Likeliest = request.LogProbs,
                Drawn = row => Drawn(row, (p * request.Choices) + choice),
            })),
        ];
        _undone = Rows.Count;
    }

    /// <summary>The request.</summary>
    public ApiRequest Request { get; }

    /// <summary>Its answers, by prompt, then choice.</summary>
    public IReadOnlyList<SampleRow> Rows { get; }

    /// <summary>Of each prompt the places of its tokens from the second on; none where they are not asked for.</summary>
    public TokenPlace[][] PromptPlaces { get; }

    /// <summary>Its time so far.</summary>
    public Stopwatch Age { get; } = Stopwatch.StartNew();

    /// <summary>Is told of its first token.</summary>
    public Action<Job>? Began { get; init; }

    /// <summary>Prompts scored so far; of the engine's thread.</summary>
    public int Scored { get; set; }

    /// <summary>Rows that have entered the batch; of the engine's thread.</summary>
    public int Entered { get; set; }

    /// <summary>Ends when all is done, or with what went wrong.</summary>
    public Task Done => _done.Task;

    /// <summary>Whether nobody waits for it any more.</summary>
    public bool IsCancelled => _isCancelled;

    /// <summary>The tokens as they are drawn, where the request streams.</summary>
    public ChannelReader<DrawnToken> Tokens => _tokens!.Reader;

    /// <summary>Gives its rows back, from any thread.</summary>
    public void Cancel()
    {
        _isCancelled = true;
        foreach (SampleRow row in Rows)
        {
            row.Cancel();
        }
    }

    /// <summary>All of it is done.</summary>
    public void Finish()
    {
        _tokens?.Writer.TryComplete();
        _done.TrySetResult();
    }

    /// <summary>It cannot be done.</summary>
    public void Fail(Exception error)
    {
        Cancel();
        _tokens?.Writer.TryComplete(error);
        _done.TrySetException(error);
    }

    private void Drawn(SampleRow row, int choice)
    {
        if (row.Ids.Count == 1 && choice == 0)
        {
            Began?.Invoke(this);
        }

        _tokens?.Writer.TryWrite(new DrawnToken(choice, row.Ids[^1], row.Likeliest is null ? null : row.Places[^1], row.Finish));
        if (row.Finish is not null && --_undone == 0)
        {
            Finish();
        }
    }
}
