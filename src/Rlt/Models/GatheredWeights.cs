using Rlt.Distributed;
using static TorchSharp.torch;

namespace Rlt.Models;

// N ranks, C numbers of a rank's pieces of some weights
/// <summary>Brings together weights of which each rank has a piece that the others do not have.</summary>
internal static class GatheredWeights
{
    /// <summary>Makes one weight whole until the result is disposed; null where it is.</summary>
    public static IDisposable? Hold(Parameter parameter, ICollectives ranks)
    {
        if (parameter.Piece is null)
        {
            return null;
        }

        (IWork work, Action then) = Begin([parameter], ranks);
        work.Wait();
        then();
        return new Held([parameter]);
    }

    /// <summary>Begins to bring some weights of one type together.</summary>
    /// <param name="parameters">The weights.</param>
    /// <param name="ranks">The ranks, each of which calls this for the same weights.</param>
    /// <returns>The operation, and what puts the weights in their places when it is done.</returns>
    public static (IWork Work, Action Then) Begin(IReadOnlyList<Parameter> parameters, ICollectives ranks)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var layout = new PieceLayout([.. parameters.Select(parameter => parameter.Value.numel())], ranks.Size);
        Tensor buffer_NC = empty([ranks.Size, layout.Width], parameters[0].Value.dtype, parameters[0].Value.device).DetachFromDisposeScope();
        Tensor own_C = buffer_NC[ranks.Rank].zero_().DetachFromDisposeScope();
        foreach ((int i, Parameter parameter) in parameters.Index())
        {
            (long start, long length) = Sharding.PieceOf(parameter.Value.numel(), ranks.Rank, ranks.Size);
            layout.Piece(own_C, i, ranks.Rank).copy_(parameter.Piece ?? parameter.Value.view(-1).narrow(0, start, length));
        }

        return (ranks.BeginAllGather(own_C, buffer_NC), () =>
        {
            using var noGrad = no_grad();
            foreach ((int i, Parameter parameter) in parameters.Index())
            {
                layout.Unpack(buffer_NC, i, parameter.MakeWhole());
            }

            own_C.Dispose();
            buffer_NC.Dispose();
        });
    }

    /// <summary>Weights that are whole until this is disposed.</summary>
    public sealed class Held(IReadOnlyList<Parameter> parameters) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose()
        {
            foreach (Parameter parameter in parameters)
            {
                parameter.Release();
            }
        }
    }
}
