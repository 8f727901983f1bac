using System.Collections.Concurrent;

namespace Rlt.Distributed;

/// <summary>One thread that does a process's communication in the order in which it was begun, beside the computation.</summary>
internal sealed class CommunicationThread : IDisposable
{
    private readonly BlockingCollection<Work> _begun = [];
    private readonly Thread _thread;
    private int _pending;

    public CommunicationThread()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "communication" };
        _thread.Start();
    }

    /// <summary>Whether there is nothing to do.</summary>
    public bool IsQuiet => Volatile.Read(ref _pending) == 0;

    /// <summary>Has an operation done after those that were begun before.</summary>
    /// <param name="operation">What to do.</param>
    /// <param name="uses">What must stay alive until then.</param>
    public IWork Begin(Action operation, params object[] uses)
    {
        Interlocked.Increment(ref _pending);
        var work = new Work(
            () =>
            {
                try
                {
                    operation();
                }
                finally
                {
                    Interlocked.Decrement(ref _pending);
                }
            },
            uses);
        _begun.Add(work);
        return work;
    }

    /// <summary>Does an operation after those that were begun before, and waits for it.</summary>
    public T Do<T>(Func<T> operation)
    {
        T result = default!;
        Begin(() => result = operation()).Wait();
        return result;
    }

    /// <summary>Waits for all that was begun, and ends.</summary>
    public void Dispose()
    {
        _begun.CompleteAdding();
        _thread.Join();
        _begun.Dispose();
    }

    private void Run()
    {
        foreach (Work work in _begun.GetConsumingEnumerable())
        {
            work.Do();
        }
    }

    private sealed class Work(Action operation, object[] uses) : IWork
    {
        private readonly TaskCompletionSource _done = new();

        public void Do()
        {
            try
            {
                operation();
                _done.SetResult();
            }
            catch (Exception error)
            {
                _done.SetException(error);
            }

            GC.KeepAlive(uses);
        }

        public void Wait() => _done.Task.GetAwaiter().GetResult();
    }
}
