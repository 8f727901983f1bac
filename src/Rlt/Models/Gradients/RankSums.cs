using Rlt.Distributed;
using static TorchSharp.torch;

namespace Rlt.Models.Gradients;

// N ranks, C numbers of a rank's pieces of some parameters
/// <summary>
/// Sums a store's gradients over ranks while the backward goes on: all of each for every rank, or, where moments are sharded, to each rank its
/// pieces. Where gradients are sharded too, that is after every pass, and no rank ever holds more whole gradients than of two layers.
/// </summary>
/// <remarks>Source: ZeRO (arXiv 1910.02054), section 5.2.</remarks>
internal sealed class RankSums(GradientStore store, Sharding sharding)
{
    // Whole gradients under way: those of the layer that the backward has just left.
    private const int MostUnderWay = 1;

    private readonly Dictionary<Parameter, Tensor> _pieces = [];
    private readonly Queue<(IWork Work, Action Then)> _underWay = [];
    private readonly ICollectives _ranks = sharding.Ranks;

    /// <summary>Whether this rank has only its pieces of the sums.</summary>
    public bool HasPieces => sharding.HasPieces;

    /// <summary>Numbers of all pieces that there are.</summary>
    public long HeldCount => _pieces.Values.Sum(piece => piece.numel());

    /// <summary>This rank's piece of a sum [numbers]; zeros where nothing was added.</summary>
    public Tensor PieceOf(Parameter parameter)
    {
        if (!_pieces.TryGetValue(parameter, out Tensor? piece))
        {
            long length = sharding.PieceOf(parameter.Value.numel()).Length;
            piece = _pieces[parameter] = zeros([length], ScalarType.Float32, store.Place(parameter)).DetachFromDisposeScope();
        }

        return piece;
    }

    /// <summary>Begins to sum what a pass has brought for some parameters, where it is time for it. Every rank does so in the same order.</summary>
    public void Begin(IReadOnlyList<Parameter> parameters, bool isLastPass)
    {
        if (parameters.Count == 0 || (sharding.Stage < ShardingStage.Zero2 && !isLastPass))
        {
            return;
        }

        using var noGrad = no_grad();
        if (HasPieces)
        {
            BeginPieces(parameters);
        }
        else
        {
            foreach (Parameter parameter in parameters)
            {
                _underWay.Enqueue((_ranks.BeginAllReduce(store[parameter]), () => { }));
            }
        }
    }

    /// <summary>Returns when all that was begun is summed.</summary>
    public void Wait() => WaitFor(0);

    /// <summary>The sum of a number over the ranks.</summary>
    public double Sum(double own) => WorkShare.Sum(_ranks, own);

    /// <summary>Forgets the sums and gives their memory back.</summary>
    public void Clear()
    {
        Wait();
        foreach (Tensor piece in _pieces.Values)
        {
            piece.Dispose();
        }

        _pieces.Clear();
    }

    private void BeginPieces(IReadOnlyList<Parameter> parameters)
    {
        WaitFor(MostUnderWay - 1);
        var layout = new PieceLayout([.. parameters.Select(parameter => parameter.Value.numel())], _ranks.Size);
        Tensor buffer_NC = zeros([_ranks.Size, layout.Width], ScalarType.Float32, store.Place(parameters[0])).DetachFromDisposeScope();
        foreach ((int i, Parameter parameter) in parameters.Index())
        {
            using Tensor? sum = store.Take(parameter);
            if (sum is not null)
            {
                layout.Pack(sum, i, buffer_NC);
            }
        }

        Tensor own_C = buffer_NC[_ranks.Rank].DetachFromDisposeScope();
        _underWay.Enqueue((_ranks.BeginReduceScatter(buffer_NC, own_C), () =>
        {
            using var scope = NewDisposeScope();
            foreach ((int i, Parameter parameter) in parameters.Index())
            {
                PieceOf(parameter).add_(layout.Piece(own_C, i, _ranks.Rank));
            }

            own_C.Dispose();
            buffer_NC.Dispose();
        }));
    }

    private void WaitFor(int left)
    {
        using var noGrad = no_grad();
        while (_underWay.Count > left)
        {
            (IWork work, Action then) = _underWay.Dequeue();
            work.Wait();
            then();
        }
    }
}
