namespace TorchSharp;

/// <summary>Owns the tensors made on its thread while it is the innermost scope, and disposes them when it is disposed.</summary>
public sealed class DisposeScope : IDisposable
{
    [ThreadStatic]
    private static DisposeScope? _current;

    private readonly List<torch.Tensor> _tensors = [];
    private bool _disposed;

    internal DisposeScope()
    {
        OuterScope = _current;
        _current = this;
    }

    /// <summary>Tensors the scope owns.</summary>
    public int DisposablesCount => _tensors.Count;

    internal static DisposeScope? Current => _current;

    private DisposeScope? OuterScope { get; }

    /// <summary>Hands a tensor of this scope to the scope around it, so that it outlives this one.</summary>
    public T MoveToOuter<T>(T disposable)
        where T : IDisposable
    {
        if (disposable is torch.Tensor tensor && ReferenceEquals(tensor.OwningDisposeScope, this))
        {
            Remove(tensor);
            OuterScope?.Add(tensor);
        }

        return disposable;
    }

    /// <summary>Takes a tensor out of this scope: its owner disposes it.</summary>
    public T Detach<T>(T disposable)
        where T : IDisposable
    {
        if (disposable is torch.Tensor tensor && ReferenceEquals(tensor.OwningDisposeScope, this))
        {
            Remove(tensor);
        }

        return disposable;
    }

    /// <summary>Disposes what the scope owns and makes the outer scope the current one.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        while (_tensors.Count > 0)
        {
            _tensors[^1].Dispose();
        }

        if (ReferenceEquals(_current, this))
        {
            _current = OuterScope;
        }
    }

    internal void Add(torch.Tensor tensor)
    {
        tensor.OwningDisposeScope = this;
        tensor.ScopeSlot = _tensors.Count;
        _tensors.Add(tensor);
    }

    // The last tensor takes the freed slot, so removal does not search.
    internal void Remove(torch.Tensor tensor)
    {
        torch.Tensor last = _tensors[^1];
        _tensors[tensor.ScopeSlot] = last;
        last.ScopeSlot = tensor.ScopeSlot;
        _tensors.RemoveAt(_tensors.Count - 1);
        tensor.OwningDisposeScope = null;
    }
}

/// <summary>Counts tensors, to show that none leak.</summary>
public static class DisposeScopeManager
{
    [ThreadStatic]
    private static ThreadDisposeScopeStatistics? _statistics;

    /// <summary>This thread's counts.</summary>
    public static ThreadDisposeScopeStatistics Statistics => _statistics ??= new ThreadDisposeScopeStatistics();
}

/// <summary>Tensor counts of one thread.</summary>
public sealed class ThreadDisposeScopeStatistics
{
    /// <summary>Counts of tensors.</summary>
    public LifetimeStatistics TensorStatistics { get; } = new();

    /// <summary>Tensors made on this thread less those disposed on it.</summary>
    public long ThreadTotalLiveCount => TensorStatistics.ThreadTotalLiveCount;
}

/// <summary>Counts of one kind of object.</summary>
public sealed class LifetimeStatistics
{
    /// <summary>Objects made less objects disposed.</summary>
    public long ThreadTotalLiveCount { get; internal set; }
}

public static partial class torch
{
    /// <summary>Opens a scope that owns the tensors made on this thread until it is disposed.</summary>
    public static DisposeScope NewDisposeScope() => new();
}
