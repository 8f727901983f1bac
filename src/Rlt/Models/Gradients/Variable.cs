using static TorchSharp.torch;

namespace Rlt.Models.Gradients;

/// <summary>A tensor that a pass computes and, once the backward has come to it, the loss's derivative by it.</summary>
/// <param name="data">The tensor, which stays the dispose scope's until a tape keeps it.</param>
public sealed class Variable(Tensor data)
{
    private Tensor _data = data;
    private Func<Tensor>? _rebuild;
    private Tensor? _gradient;
    private bool _gradientIsShared;
    private bool _kept;

    /// <summary>The tensor; computed again where it was only to be rebuilt.</summary>
    public Tensor Data
    {
        get
        {
            if (_data.IsInvalid && _rebuild is not null)
            {
                _data = _rebuild().DetachFromDisposeScope();
                _kept = true;
            }

            return _data;
        }
    }

    /// <summary>Another name of a variable's tensor in another shape.</summary>
    public static Variable View(Variable x, Tape? tape, params long[] shape)
    {
        var y = new Variable(x.Data.view(shape));
        if (tape is not null)
        {
            long[] before = x.Data.shape;
            tape.Record(y, dy => x.Receive(dy.view(before), shared: true));
        }

        return y;
    }

    /// <summary>A part of a variable, as a view of its memory.</summary>
    /// <param name="x">The whole.</param>
    /// <param name="place">The view of a tensor of the whole's shape.</param>
    /// <param name="tape">Records it, or null.</param>
    public static Variable Part(Variable x, Func<Tensor, Tensor> place, Tape? tape)
    {
        var y = new Variable(place(x.Data));
        RecordPart(tape, x, y, (sum, dy) => place(sum).add_(dy));
        return y;
    }

    /// <summary>Some rows of a variable, each at most once.</summary>
    public static Variable Rows(Variable x, Tensor rows_R, Tape? tape)
    {
        var y = new Variable(x.Data.index_select(0, rows_R));
        Tensor kept_R = rows_R.alias();
        RecordPart(tape, x, y, (sum, dy) => sum.index_add_(0, kept_R, dy, 1), kept_R);
        return y;
    }

    /// <summary>x + y.</summary>
    public static Variable Sum(Variable x, Variable y, Tape? tape)
    {
        var sum = new Variable(x.Data + y.Data);
        tape?.Record(sum, dSum =>
        {
            x.Receive(dSum, shared: true);
            y.Receive(dSum, shared: true);
        });
        return sum;
    }

    /// <summary>factor · x.</summary>
    public static Variable Scaled(Variable x, double factor, Tape? tape)
    {
        var y = new Variable(x.Data * factor);
        tape?.Record(y, dy => x.Receive(dy * factor));
        return y;
    }

    // The derivative by a part is added in its place of the whole's: a new sum, where there was none or one that others hold.
    private static void RecordPart(Tape? tape, Variable whole, Variable part, Action<Tensor, Tensor> addTo, params Tensor[] kept)
    {
        if (tape is null)
        {
            return;
        }

        (long[] shape, ScalarType dtype, Device device) = (whole.Data.shape, whole.Data.dtype, whole.Data.device);
        tape.Record(
            part,
            dPart =>
            {
                if (whole.Accumulator is null)
                {
                    whole.Receive(zeros(shape, dtype, device));
                }

                addTo(whole.Accumulator!, dPart);
            },
            kept);
    }

    /// <summary>Keeps the tensor for the backward, past its dispose scope, unless it can be computed again.</summary>
    internal void Keep()
    {
        if (!_kept && _rebuild is null)
        {
            _data.DetachFromDisposeScope();
            _kept = true;
        }
    }

    /// <summary>Lets the tensor go, and computes it again where the backward asks for it.</summary>
    internal void Rebuild(Func<Tensor> compute) => _rebuild = compute;

    /// <summary>Frees the tensor if a tape kept it.</summary>
    internal void Free()
    {
        if (_kept)
        {
            _data.Dispose();
            _kept = false;
        }
    }

    /// <summary>Adds a part of the loss's derivative by the tensor, which the variable takes over.</summary>
    /// <param name="part">Of the tensor's shape.</param>
    /// <param name="shared">Whether others hold the same memory, so that it must not be changed.</param>
    internal void Receive(Tensor part, bool shared = false)
    {
        if (_gradient is null)
        {
            (_gradient, _gradientIsShared) = ((shared ? part.alias() : part).DetachFromDisposeScope(), shared);
        }
        else if (_gradientIsShared)
        {
            using Tensor before = _gradient;
            (_gradient, _gradientIsShared) = ((before + part).DetachFromDisposeScope(), false);
        }
        else
        {
            _gradient.add_(part);
        }
    }

    /// <summary>The derivative so far where further parts may be added in its place; null where there is none, or others hold its memory.</summary>
    internal Tensor? Accumulator => _gradientIsShared ? null : _gradient;

    /// <summary>Hands the derivative over to the caller; null where the loss does not depend on the tensor.</summary>
    internal Tensor? TakeGradient()
    {
        Tensor? gradient = _gradient;
        (_gradient, _gradientIsShared) = (null, false);
        return gradient;
    }
}
