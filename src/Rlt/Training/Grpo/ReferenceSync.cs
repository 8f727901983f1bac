using Rlt.Models;
using static TorchSharp.torch;

namespace Rlt.Training.Grpo;

/// <summary>Pulls a reference model toward the policy.</summary>
public static class ReferenceSync
{
    /// <summary>ref ← (1 − mix) · ref + mix · policy, weight by weight.</summary>
    /// <remarks>Source: TR-DPO (arXiv 2404.09656), soft update, in the direction of TRL's SyncRefModelCallback.</remarks>
    public static void Mix(Decoder reference, Decoder policy, double mix)
    {
        using var noGrad = no_grad();
        foreach ((Parameter target, Parameter source) in reference.Parameters.Zip(policy.Parameters))
        {
            using var scope = NewDisposeScope();
            target.Held.mul_(1 - mix).add_(source.Held.detach(), mix);
        }
    }
}
