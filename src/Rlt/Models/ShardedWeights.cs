using Rlt.Distributed;

namespace Rlt.Models;

/// <summary>
/// A decoder's weights where each rank holds its pieces only: a layer's are brought together for as long as it computes, and the next layer's meanwhile.
/// All ranks go through the same passes, one that has no rows among them with none.
/// </summary>
/// <remarks>Source: ZeRO (arXiv 1910.02054), section 5.3.</remarks>
internal sealed class ShardedWeights(Decoder model)
{
    private readonly ICollectives _ranks = model.Sharding.Ranks;
    private (int Layer, IWork Work, Action Then)? _next;

    /// <summary>Brings a layer's weights together until the result is disposed.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="next">The layer whose turn it is then; outside of the model where there is none.</param>
    public IDisposable Layer(int layer, int next)
    {
        if (_next?.Layer != layer)
        {
            Begin(layer);
        }

        (_, IWork work, Action then) = _next!.Value;
        _next = null;
        work.Wait();
        then();
        if (next >= 0 && next < model.Layers.Count)
        {
            Begin(next);
        }

        return new GatheredWeights.Held(Pieces(model.Layers[layer].Parameters));
    }

    /// <summary>Brings the weights of no layer together until the result is disposed.</summary>
    public IDisposable Around()
    {
        Parameter[] pieces = Pieces(model.Around);
        foreach (Parameter[] alike in ByType(pieces))
        {
            (IWork work, Action then) = GatheredWeights.Begin(alike, _ranks);
            work.Wait();
            then();
        }

        return new GatheredWeights.Held(pieces);
    }

    private void Begin(int layer)
    {
        (IWork Work, Action Then)[] parts = [.. ByType(Pieces(model.Layers[layer].Parameters)).Select(alike => GatheredWeights.Begin(alike, _ranks))];
        _next = (layer, new All([.. parts.Select(part => part.Work)]), () => Array.ForEach(parts, part => part.Then()));
    }

    // Some weights stay wider than the others.
    private static IEnumerable<Parameter[]> ByType(Parameter[] parameters) =>
        parameters.GroupBy(parameter => parameter.Value.dtype).Select(group => group.ToArray());

    private static Parameter[] Pieces(IReadOnlyList<Parameter> parameters) => [.. parameters.Where(parameter => parameter.Piece is not null)];

    private sealed class All(IWork[] parts) : IWork
    {
        public void Wait() => Array.ForEach(parts, part => part.Wait());
    }
}
