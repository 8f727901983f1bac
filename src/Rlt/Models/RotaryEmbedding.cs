using static TorchSharp.torch;

namespace Rlt.Models;

// B batch, T tokens, H heads, E head width
/// <summary>Rotary position embedding with the rotated half split of Hugging Face's checkpoints.</summary>
/// <remarks>Source: RoFormer (arXiv 2104.09864), equation 34; frequency scaling as Llama 3.1, linear and YaRN publish it.</remarks>
public sealed class RotaryEmbedding : IDisposable
{
    private readonly double[] _inverseFrequencies;
    private readonly double _attentionScale;
    private readonly ScalarType _dtype;
    private readonly Device _device;
    private Tensor? _cos_TE;
    private Tensor? _sin_TE;

    /// <summary>Tables for the config's base and scaling, in a model's dtype on its device.</summary>
    public RotaryEmbedding(ModelConfig config, ScalarType dtype, Device device)
    {
        (_inverseFrequencies, _attentionScale) = RotaryFrequencies.For(config);
        (_dtype, _device) = (dtype, device);
    }

    /// <summary>Cosines and sines of positions 0 to <paramref name="length"/> − 1: two [T, E] views.</summary>
    public (Tensor Cos_TE, Tensor Sin_TE) Upto(int length)
    {
        Grow(length);
        return (_cos_TE!.narrow(0, 0, length), _sin_TE!.narrow(0, 0, length));
    }

    /// <summary>Cosines and sines of one position a row, for decoding: two [B, 1, 1, E] tensors.</summary>
    public (Tensor Cos_B11E, Tensor Sin_B11E) At(Tensor positions_B, int longest)
    {
        Grow(longest + 1);
        return (Rows(_cos_TE!), Rows(_sin_TE!));

        Tensor Rows(Tensor table_TE) => table_TE.index_select(0, positions_B).unsqueeze(1).unsqueeze(1);
    }

    /// <summary>Turns each head of <paramref name="x_BHTE"/> by its position's angles.</summary>
    public static Tensor Rotate(Tensor x_BHTE, Tensor cos, Tensor sin)
    {
        long half = x_BHTE.size(-1) / 2;
        Tensor first = x_BHTE.narrow(-1, 0, half);
        Tensor second = x_BHTE.narrow(-1, half, half);
        return (x_BHTE * cos) + (cat([-second, first], -1) * sin);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cos_TE?.Dispose();
        _sin_TE?.Dispose();
    }

    private void Grow(int length)
    {
        if (_cos_TE is not null && _cos_TE.size(0) >= length)
        {
            return;
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        int grown = Math.Max(256, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)length));
        Tensor angles_TF = outer(arange(grown, ScalarType.Float64), tensor(_inverseFrequencies)).to(ScalarType.Float32);
        Tensor angles_TE = cat([angles_TF, angles_TF], -1);
        Dispose();
        _cos_TE = Table(angles_TE.cos());
        _sin_TE = Table(angles_TE.sin());

        Tensor Table(Tensor values) => (values * _attentionScale).to(_dtype, _device).DetachFromDisposeScope();
    }
}
