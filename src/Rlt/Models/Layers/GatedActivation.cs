using Rlt.Models.Gradients;
using Rlt.Models.Plans;
using Rlt.Platform;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlt.Models.Layers;

/// <summary>What feed-forwards make of gate and up.</summary>
internal static class GatedActivation
{
    // gpt-oss's constants.
    private const double Limit = 7, Steepness = 1.702;

    /// <summary>The activation of a plan.</summary>
    public static Variable Apply(Activation kind, Variable gate_NI, Variable up_NI, Tape? tape) => kind switch
    {
        Activation.SwiGlu => SwiGlu(gate_NI, up_NI, tape),
        Activation.GeGlu => Tape.Plain(tape, data => data[0].gelu(GELU.Approximate.tanh) * data[1], [gate_NI, up_NI]),
        _ => Tape.Plain(tape, data => Clamped(data[0], data[1]), [gate_NI, up_NI]),
    };

    /// <summary>silu(gate) · up.</summary>
    public static Variable SwiGlu(Variable gate_NI, Variable up_NI, Tape? tape)
    {
        if (!CpuKernels.Serve(gate_NI.Data))
        {
            return Tape.Plain(tape, data => data[0].silu() * data[1], [gate_NI, up_NI]);
        }

        var y_NI = new Variable(CpuKernels.SwiGlu(gate_NI.Data, up_NI.Data));
        if (tape is not null)
        {
            gate_NI.Keep();
            up_NI.Keep();
            y_NI.Rebuild(() => CpuKernels.SwiGlu(gate_NI.Data, up_NI.Data));
            tape.Record(y_NI, dy_NI =>
            {
                (Tensor dGate_NI, Tensor dUp_NI) = CpuKernels.SwiGluBackward(dy_NI, gate_NI.Data, up_NI.Data);
                gate_NI.Receive(dGate_NI);
                up_NI.Receive(dUp_NI);
            });
        }

        return y_NI;
    }

    private static Tensor Clamped(Tensor gate, Tensor up)
    {
        Tensor bounded = gate.clamp(max: Limit);
        return (up.clamp(-Limit, Limit) + 1) * bounded * (bounded * Steepness).sigmoid();
    }
}
