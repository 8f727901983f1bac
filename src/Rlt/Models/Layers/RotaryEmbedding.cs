using Rlt.Models.Gradients;
using Rlt.Models.Plans;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

// N rows, P positions, H heads, E head width, F = E / 2 frequencies
/// <summary>Rotary position embedding with the rotated half split of Hugging Face's checkpoints.</summary>
/// <remarks>Source: RoFormer (arXiv 2104.09864), equation 34; frequency scaling as Llama 3.1, linear and YaRN publish it.</remarks>
public sealed class RotaryEmbedding : IDisposable
{
    private readonly RotaryPlan _plan;
    private readonly double[][] _inverseFrequencies;
    private readonly double _attentionScale;
    private readonly Device _device;
    private Tensor? _cos_PF;
    private Tensor? _sin_PF;

    /// <summary>Tables for a plan, on a device.</summary>
    public RotaryEmbedding(RotaryPlan plan, Device device)
    {
        (_inverseFrequencies, _attentionScale) = RotaryFrequencies.For(plan);
        (_plan, _device) = (plan, device);
    }

    /// <summary>The turns of a pass's rows.</summary>
    public RotaryTurn Of(ISequencePass pass)
    {
        (Tensor cos_PF, Tensor sin_PF) = Tables(pass.Longest);
        if (_plan.Scaling is not RopeScaling.LongRope scaling)
        {
            return new RotaryTurn(cos_PF, sin_PF, pass.Positions_N);
        }

        // The table for long sequences stands behind the one for short ones.
        Tensor isLong_N = pass.Lengths_N.gt(scaling.OriginalPositions).to(ScalarType.Int64);
        return new RotaryTurn(cos_PF, sin_PF, pass.Positions_N + (isLong_N * (cos_PF.size(0) / 2)));
    }

    /// <summary>Cosines and sines by position and frequency, float32, for the positions below a number at least; this object's own.</summary>
    internal (Tensor Cos_PF, Tensor Sin_PF) Tables(int longest)
    {
        Grow(longest);
        return (_cos_PF!, _sin_PF!);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cos_PF?.Dispose();
        _sin_PF?.Dispose();
    }

    private void Grow(int length)
    {
        if (_cos_PF is not null && _cos_PF.size(0) >= length * _inverseFrequencies.Length)
        {
            return;
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        int grown = Math.Max(256, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)length));
        Tensor positions_P = arange(grown, ScalarType.Float64);
        Tensor angles_PF = cat([.. _inverseFrequencies.Select(frequencies => outer(positions_P, tensor(frequencies)))]).to(ScalarType.Float32);
        Tensor scale_P1 = _plan.PositionScale is { } growth
            ? ((positions_P / growth.OriginalPositions).floor().log1p() * growth.Beta + 1).mul(_attentionScale).to(ScalarType.Float32).unsqueeze(1)
            : full([1, 1], _attentionScale);
        Dispose();
        _cos_PF = Table(angles_PF.cos());
        _sin_PF = Table(angles_PF.sin());

        Tensor Table(Tensor values) => (values * scale_P1).to(_device).DetachFromDisposeScope();
    }
}

/// <summary>The angles by which the rows of one pass are turned.</summary>
/// <param name="Cos_PF">Cosines by position and frequency, float32.</param>
/// <param name="Sin_PF">Sines of the same.</param>
/// <param name="Positions_N">Each row's position.</param>
public sealed record RotaryTurn(Tensor Cos_PF, Tensor Sin_PF, Tensor Positions_N)
{
    /// <summary>Turns each head of <paramref name="x_NHE"/> by its row's angles: as many dimensions as the tables are for, the others stay.</summary>
    public Variable Apply(Variable x_NHE, Tape? tape = null)
    {
        if (!CpuKernels.Serve(x_NHE.Data))
        {
            return Tape.Plain(tape, data => Turned(data[0]), [x_NHE]);
        }

        var y_NHE = new Variable(CpuKernels.Rotate(x_NHE.Data, Cos_PF, Sin_PF, Positions_N));
        tape?.Record(y_NHE, dy_NHE => x_NHE.Receive(CpuKernels.Rotate(dy_NHE, Cos_PF, Sin_PF, Positions_N, back: true)));
        return y_NHE;
    }

    private Tensor Turned(Tensor x_NHE)
    {
        long half = Cos_PF.size(1), rest = x_NHE.size(-1) - (2 * half);
        (Tensor cos_N1F, Tensor sin_N1F) = (Rows(Cos_PF), Rows(Sin_PF));
        (Tensor first_NHF, Tensor second_NHF) = (x_NHE.narrow(-1, 0, half), x_NHE.narrow(-1, half, half));
        Tensor[] turned = [(first_NHF * cos_N1F) - (second_NHF * sin_N1F), (second_NHF * cos_N1F) + (first_NHF * sin_N1F)];
        return cat(rest == 0 ? turned : [.. turned, x_NHE.narrow(-1, 2 * half, rest)], -1);

        Tensor Rows(Tensor table_PF) => table_PF.index_select(0, Positions_N).unsqueeze(1).to(x_NHE.dtype);
    }
}
