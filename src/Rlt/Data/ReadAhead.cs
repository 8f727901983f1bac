namespace Rlt.Data;

/// <summary>Work on items that come one after another, done on all cores.</summary>
internal static class ReadAhead
{
    /// <summary>The results in the items' order; as many items as there are cores are under way or waiting to be taken.</summary>
    /// <param name="items">Taken on the caller's thread.</param>
    /// <param name="work">What is done with each; its exceptions come where its result would.</param>
    public static IEnumerable<TResult> Select<T, TResult>(IEnumerable<T> items, Func<T, TResult> work)
    {
        var under = new Queue<Task<TResult>>();
        foreach (T item in items)
        {
            under.Enqueue(Task.Run(() => work(item)));
            if (under.Count > Environment.ProcessorCount)
            {
                yield return under.Dequeue().GetAwaiter().GetResult();
            }
        }

        while (under.TryDequeue(out Task<TResult>? next))
        {
            yield return next.GetAwaiter().GetResult();
        }
    }
}
