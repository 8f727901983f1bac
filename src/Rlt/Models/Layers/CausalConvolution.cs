using Rlt.Models.Gradients;
using Rlt.Platform;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

// N or B rows, C channels, J taps, S segments, T the longest path's rows, X slots of a cache
/// <summary>A causal convolution of each channel along its sequence, with SiLU, as recurrent layers have it before their queries, keys and values.</summary>
public static class CausalConvolution
{
    /// <summary>silu(Σ weight[j] · x[t − (J − 1) + j]), zeros before the sequence, in x's dtype: [N, C].</summary>
    /// <param name="x_NC">The rows.</param>
    /// <param name="weight_C1J">The weights.</param>
    /// <param name="layout">How sequences lie in the rows.</param>
    /// <param name="tape">The tape, or null.</param>
    public static Variable Packed(Variable x_NC, Parameter weight_C1J, SequenceLayout layout, Tape? tape = null)
    {
        if (!CpuKernels.Serve(x_NC.Data))
        {
            return Tape.Plain(tape, data => Padded(data[0], data[1], layout), [x_NC], weight_C1J);
        }

        var y_NC = new Variable(CpuKernels.CausalConvolution(x_NC.Data, weight_C1J.Value, layout.Table_S4));
        if (tape is not null)
        {
            x_NC.Keep();
            y_NC.Rebuild(() => CpuKernels.CausalConvolution(x_NC.Data, weight_C1J.Value, layout.Table_S4));
            tape.Record(y_NC, dy_NC => x_NC.Receive(CpuKernels.CausalConvolutionBackward(
                dy_NC, x_NC.Data, weight_C1J.Value, layout.Table_S4, tape.Gradients.SumOf(weight_C1J))));
        }

        return y_NC;
    }

    /// <summary>The last J − 1 rows of each sequence, zeros before its first: [S, J − 1, C].</summary>
    public static Tensor Tails(Tensor x_NC, SequenceLayout layout, int taps)
    {
        var rows = new long[layout.Segments.Count * (taps - 1)];
        for (int i = 0; i < rows.Length; i++)
        {
            SequenceSegment segment = layout.Segments[i / (taps - 1)], parent = segment.Parent < 0 ? default : layout.Segments[segment.Parent];
            int t = segment.Length - (taps - 1) + (i % (taps - 1));
            rows[i] = t >= 0 ? segment.Start + t : t >= -parent.Length ? parent.Start + parent.Length + t : layout.RowCount;
        }

        using Tensor rows_R = tensor(rows, device: x_NC.device), padded = cat([x_NC, zeros([1, x_NC.size(1)], x_NC.dtype, x_NC.device)]);
        return padded.index_select(0, rows_R).view(layout.Segments.Count, taps - 1, x_NC.size(1));
    }

    /// <summary>One more row of each sequence, [B, C], as <see cref="Packed"/> computes it.</summary>
    /// <param name="x_BC">The rows.</param>
    /// <param name="weight_C1J">The weights.</param>
    /// <param name="tails_XTC">The J − 1 rows before each, which are moved on in place.</param>
    /// <param name="slots_B">Where in <paramref name="tails_XTC"/> each row's are, int64; no two alike.</param>
    public static Tensor Step(Tensor x_BC, Tensor weight_C1J, Tensor tails_XTC, Tensor slots_B)
    {
        if (CpuKernels.Serve(x_BC))
        {
            return CpuKernels.CausalConvolutionStep(x_BC, weight_C1J, tails_XTC, slots_B);
        }

        Tensor rows_BJC = cat([tails_XTC.index_select(0, slots_B), x_BC.unsqueeze(1)], 1);
        tails_XTC.index_copy_(0, slots_B, rows_BJC.narrow(1, 1, tails_XTC.size(1)));
        return Convolved(rows_BJC, weight_C1J).squeeze(1);
    }

    // Whole sequences side by side, right-padded.
    private static Tensor Padded(Tensor x_NC, Tensor weight_C1J, SequenceLayout layout)
    {
        (Tensor rows_ST, Tensor places_N) = layout.Padded;
        (long channels, long before) = (x_NC.size(1), weight_C1J.size(-1) - 1);
        Tensor x_STC = x_NC.index_select(0, rows_ST.flatten()).view(rows_ST.size(0), rows_ST.size(1), channels);
        Tensor y_STC = Convolved(nn.functional.pad(x_STC, [0, 0, before, 0]), weight_C1J);
        return y_STC.reshape(-1, channels).index_select(0, places_N);
    }

    // Of rows [.., T + J − 1, C] the last T, computed in float32 at least.
    private static Tensor Convolved(Tensor x_STC, Tensor weight_C1J)
    {
        ScalarType wide = x_STC.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        long taps = weight_C1J.size(-1), length = x_STC.size(1) - taps + 1;
        Tensor x = x_STC.to(wide), weight_CJ = weight_C1J.squeeze(1).to(wide), sum = x.narrow(1, 0, length) * weight_CJ.select(1, 0);
        for (long j = 1; j < taps; j++)
        {
            sum = sum + (x.narrow(1, j, length) * weight_CJ.select(1, j));
        }

        return nn.functional.silu(sum).to(x_STC.dtype);
    }
}
