using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Rlt.Platform;

// B rows, D width, W blocks of the longest row
/// <summary>
/// One more token of each of some rows through all layers of a model in one call: the kernels of <see cref="CpuKernels"/> in turn, with the same
/// results.
/// </summary>
/// <remarks>Between products of a few rows, calls of single operators take as long as the products.</remarks>
internal sealed unsafe class DecodingKernel
{
    private readonly IReadOnlyList<LayerTensors> _layers;
    private readonly DecodingShape _shape;

    private DecodingKernel(IReadOnlyList<LayerTensors> layers, DecodingShape shape)
    {
        (_layers, _shape) = (layers, shape);
    }

    /// <summary>The kernel for a model's layers; null where there is none for their tensors.</summary>
    public static DecodingKernel? For(IReadOnlyList<LayerTensors> layers, DecodingShape shape)
    {
        ScalarType type = layers[0].InputNorm.dtype;
        bool served = layers.SelectMany(layer => layer.All).All(tensor => CpuKernels.Serve(tensor) && tensor.dtype == type && tensor.is_contiguous());
        return served ? new DecodingKernel(layers, shape) : null;
    }

    /// <summary>The last layer's output: puts it in the place of the embedded tokens.</summary>
    /// <param name="x_BD">The tokens' embeddings.</param>
    /// <param name="keys_XKEP">The cache's keys, layer by layer.</param>
    /// <param name="values_XKPE">Its values.</param>
    /// <param name="positions_B">Each row's position.</param>
    /// <param name="slots_B">The slot of each in the cache.</param>
    /// <param name="tables_BW">The blocks of each.</param>
    /// <param name="cos_PF">Cosines by position.</param>
    /// <param name="sin_PF">Sines.</param>
    /// <exception cref="ArgumentException">The embeddings or the cache have another shape or type than the model.</exception>
    public void Apply(
        Tensor x_BD, ReadOnlySpan<Tensor> keys_XKEP, ReadOnlySpan<Tensor> values_XKPE, long[] positions_B, long[] slots_B, long[] tables_BW, Tensor cos_PF,
            Tensor sin_PF)
    {
        long rows = positions_B.Length;
        Tensor x = CpuKernels.Own(x_BD, x_BD.dtype, [rows, _shape.Width], "the embeddings");
        (var weights, var caches) = (new LayerWeights[_layers.Count], new LayerCache[_layers.Count]);
        CacheShape cache = CacheShape.Of(keys_XKEP[0]);
        for (int i = 0; i < caches.Length; i++)
        {
            weights[i] = Addresses(_layers[i]);
            caches[i] = new LayerCache(At(keys_XKEP[i]), At(values_XKPE[i]));
        }

        long[] lengths = Array.ConvertAll(positions_B, position => position + 1);
        fixed (long* positions = positions_B, slots = slots_B, tables = tables_BW, ends = lengths)
        fixed (LayerWeights* layers = weights)
        fixed (LayerCache* cached = caches)
        {
            var places = new StepPlaces(positions, slots, tables, ends, tables_BW.Length / rows, (float*)CpuKernels.At(cos_PF), (float*)CpuKernels.At(sin_PF));
            var shape = new StepShape(rows, weights.Length, _shape.Width, _shape.Heads, _shape.Inner, cache, (float)_shape.Epsilon,
                (float)_shape.Scale);
            KernelLibrary.rlt_decode(CpuKernels.Type(x), CpuKernels.Type(_layers[0].InputNorm), CpuKernels.At(x), layers, cached, shape, &places);
        }

        GC.KeepAlive(_layers);
        CpuKernels.Alive([x, cos_PF, sin_PF, .. keys_XKEP, .. values_XKPE]);

        void* At(Tensor part) => part.dtype == x.dtype && part.is_contiguous() && part.size(1) == cache.KeyValueHeads
            ? CpuKernels.At(part)
            : throw new ArgumentException($"the cache must hold {x.dtype} without gaps, got {part.dtype}");
    }

    private static LayerWeights Addresses(LayerTensors layer) => new(
        CpuKernels.At(layer.InputNorm), Map(layer.Query), Map(layer.Key), Map(layer.Value), CpuKernels.At(layer.QueryNorm), CpuKernels.At(layer.KeyNorm),
        Map(layer.Output), CpuKernels.At(layer.PostNorm), Map(layer.Gate), Map(layer.Up), Map(layer.Down));

    private static MapWeights Map(MapTensors map) => new(CpuKernels.At(map.Weight), CpuKernels.At(map.Bias));
}

/// <summary>What a decoding step is told of a model.</summary>
internal sealed record DecodingShape(long Width, long Heads, long Inner, double Epsilon, double Scale);

/// <summary>A linear map's weight [out, in] and bias [out].</summary>
internal sealed record MapTensors(Tensor Weight, Tensor? Bias);

/// <summary>The weights of a pre-norm layer of attention and SwiGLU.</summary>
internal sealed record LayerTensors(
    Tensor InputNorm, MapTensors Query, MapTensors Key, MapTensors Value, Tensor? QueryNorm, Tensor? KeyNorm, MapTensors Output, Tensor PostNorm,
    MapTensors Gate, MapTensors Up, MapTensors Down)
{
    /// <summary>All of them.</summary>
    public IEnumerable<Tensor> All =>
        new[] { InputNorm, QueryNorm, KeyNorm, PostNorm }.Concat(
            new[] { Query, Key, Value, Output, Gate, Up, Down }.SelectMany(map => new[] { map.Weight, map.Bias })).OfType<Tensor>();
}

/// <summary>A linear map's weights as they lie in memory (kernels.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe struct MapWeights(void* weight, void* bias)
{
    private readonly void* _weight = weight;
    private readonly void* _bias = bias;
}

/// <summary>A layer's weights as they lie in memory (kernels.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe struct LayerWeights(
    void* inputNorm, MapWeights query, MapWeights key, MapWeights value, void* queryNorm, void* keyNorm, MapWeights output, void* postNorm, MapWeights gate,
        MapWeights up,
    MapWeights down)
{
    private readonly void* _inputNorm = inputNorm;
    private readonly MapWeights _query = query;
    private readonly MapWeights _key = key;
    private readonly MapWeights _value = value;
    private readonly void* _queryNorm = queryNorm;
    private readonly void* _keyNorm = keyNorm;
    private readonly MapWeights _output = output;
    private readonly void* _postNorm = postNorm;
    private readonly MapWeights _gate = gate;
    private readonly MapWeights _up = up;
    private readonly MapWeights _down = down;
}

/// <summary>A layer's keys and values in the cache (kernels.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe struct LayerCache(void* keys, void* values)
{
    private readonly void* _keys = keys;
    private readonly void* _values = values;
}

/// <summary>Sizes of a decoding step (kernels.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct StepShape(long Rows, long Layers, long Width, long Heads, long Inner, CacheShape Cache, float Epsilon, float Scale);

/// <summary>Where the rows of a decoding step stand (kernels.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe struct StepPlaces(long* positions, long* slots, long* tables, long* lengths, long tableWidth, float* cos, float* sin)
{
    private readonly long* _positions = positions;
    private readonly long* _slots = slots;
    private readonly long* _tables = tables;
    private readonly long* _lengths = lengths;
    private readonly long _tableWidth = tableWidth;
    private readonly float* _cos = cos;
    private readonly float* _sin = sin;
}
