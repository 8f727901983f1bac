using Rlt.Generation;
using Rlt.Models;

namespace Rlt.Serving.Engine;

/// <summary>
/// The one thread that computes. Before every step it lets waiting rows, first come first served, into what room the batch has; cancelled rows have
/// left by then.
/// </summary>
internal sealed class EngineThread : IDisposable
{
    private readonly LanguageModel _model;
    private readonly int _maxRows;
    private readonly int _maxWaiting;
    private readonly ServerMetrics _metrics;
    private readonly Queue<Job> _waiting = [];
    private readonly List<Job> _running = [];
    private readonly Lock _changes = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly Thread _thread;
    private volatile bool _stops;

    /// <summary>Starts the thread.</summary>
    /// <param name="model">The model, which only this thread computes with.</param>
    /// <param name="prepare">Called on the thread before it computes.</param>
    /// <param name="maxRows">Rows decoded at once at most.</param>
    /// <param name="maxWaiting">Requests that wait for room at most.</param>
    /// <param name="metrics">Receives the counts.</param>
    public EngineThread(LanguageModel model, Action prepare, int maxRows, int maxWaiting, ServerMetrics metrics)
    {
        (_model, _maxRows, _maxWaiting, _metrics) = (model, maxRows, maxWaiting, metrics);
        _thread = new Thread(() =>
        {
            prepare();
            while (!_stops)
            {
                Work();
            }
        }) { IsBackground = true, Name = "engine" };
        _thread.Start();
    }

    /// <summary>Adds a request's work, unless too many wait already.</summary>
    public bool TryAdd(Job job)
    {
        lock (_changes)
        {
            if (_waiting.Count(waiting => !waiting.IsCancelled) >= _maxWaiting)
            {
                return false;
            }

            _waiting.Enqueue(job);
            _metrics.Waiting = _waiting.Count;
        }

        _wake.Set();
        return true;
    }

    /// <summary>Ends the thread; what is not done fails.</summary>
    public void Dispose()
    {
        _stops = true;
        _wake.Set();
        _thread.Join();
        _wake.Dispose();
    }

    // With a batch of its own, which an error ends with all that is in it.
    private void Work()
    {
        using var batch = new RowBatch(_model.Decoder, _model.Tokenizer);
        try
        {
            while (!_stops)
            {
                if (batch.Rows.Count == 0 && Head() is null)
                {
                    _wake.WaitOne();
                    continue;
                }

                ScorePrompt();
                List<SampleRow> entering = Take(_maxRows - batch.Rows.Count);
                int tokens = entering.Count > 0 ? batch.Enter(entering) : batch.Step();
                _running.RemoveAll(job => job.Done.IsCompleted || job.IsCancelled);
                _metrics.Computed(tokens, batch.Rows.Count);
            }

            FailAll(new OperationCanceledException("the server stops"));
        }
        catch (Exception error)
        {
            _metrics.Computed(0, 0);
            FailAll(error);
        }
    }

    // The first request that waits; those that nobody waits for are dropped.
    private Job? Head()
    {
        lock (_changes)
        {
            while (_waiting.TryPeek(out Job? job))
            {
                if (!job.IsCancelled)
                {
                    return job;
                }

                _waiting.Dequeue();
            }

            _metrics.Waiting = 0;
            return null;
        }
    }

    private void ScorePrompt()
    {
        if (Head() is not { } job || job.Scored == job.PromptPlaces.Length)
        {
            return;
        }

        int[] ids = job.Request.Prompts[job.Scored].Ids;
        try
        {
            job.PromptPlaces[job.Scored++] = PromptScorer.Score(_model.Decoder, ids, job.Request.ScoresPrompt!.Value);
        }
        catch (Exception error)
        {
            job.Fail(error);
        }
    }

    // Rows for the free room, of as many prompts as one pass computes: those that decode do not wait for more.
    private List<SampleRow> Take(int room)
    {
        var rows = new List<SampleRow>();
        int tokens = 0;
        while (Head() is { } job && job.Scored == job.PromptPlaces.Length)
        {
            for (; job.Entered < job.Rows.Count; job.Entered++)
            {
                SampleRow row = job.Rows[job.Entered];
                tokens += rows.Count > 0 && rows[^1].Prompt == row.Prompt ? 0 : row.Prompt.Length;
                if (rows.Count == room || (rows.Count > 0 && tokens > RowBatch.PromptBudget))
                {
                    return rows;
                }

                rows.Add(row);
                if (job.Entered == 0)
                {
                    _running.Add(job);
                    _metrics.Began(job);
                }
            }

            lock (_changes)
            {
                _waiting.Dequeue();
                _metrics.Waiting = _waiting.Count;
            }

            if (job.Rows.Count == 0)
            {
                _metrics.Began(job);
                job.Finish();
            }
        }

        return rows;
    }

    private void FailAll(Exception error)
    {
        Job[] jobs;
        lock (_changes)
        {
            jobs = _stops ? [.. _running, .. _waiting] : [.. _running];
        }

        foreach (Job job in jobs)
        {
            job.Fail(error);
        }

        _running.Clear();
    }
}
