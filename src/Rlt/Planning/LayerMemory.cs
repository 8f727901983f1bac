using static Rlt.Planning.ModelSize;

namespace Rlt.Planning;

// D width, Q width of all query heads, K of all key heads, I inner width, H query heads, E head width
/// <summary>Bytes that one decoder layer holds while a pass of some rows goes through it.</summary>
/// <param name="Kept">What the layer's graph keeps for its backward, beside the layer's input and output.</param>
/// <param name="Forward">What the layer's forward holds until it ends, beside its input, output and <paramref name="Kept"/>.</param>
/// <param name="Backward">What the layer's backward holds at most, beside the same and the gradient of the output; the gradients of weights left out.</param>
/// <remarks>
/// A layer's temporaries live until its dispose scope ends, so its forward holds all of them at the end. The backward is highest in the
/// feed-forward, whose inner width is the largest: its product, computed again, and the derivatives by the product, gate and up.
/// These are the tensors of Models/DecoderLayer; a change there is a change here, and the tests that measure find it.
/// </remarks>
public sealed record LayerMemory(long Kept, long Forward, long Backward)
{
    /// <summary>A layer with the fused kernels of the CPU.</summary>
    /// <param name="model">The model.</param>
    /// <param name="rows">Rows of the pass.</param>
    /// <param name="layer">Which layer.</param>
    public static LayerMemory Fused(ModelSize model, long rows, int layer = 0)
    {
        (long d, long q, long k, long inner, long heads, long keyHeads, _, bool normed, long further) = LayerWidths.Of(model, layer);

        // The sum; turned q and k, v, attention's output; gate and up; with norms of q and k their inputs. The norms' results are computed again.
        long kept = d + (2 * q) + (2 * k) + (2 * inner) + (normed ? q + k : 0) + further;

        // The norms' scales and the attention's log-sums, float32.
        long scales = 2 + heads + (normed ? heads + keyHeads : 0);

        // Both norms, q and k before they are turned, the output projection, the product and the down projection.
        long forward = (4 * d) + q + k + inner;
        return Of(model, layer, rows, kept, scales, forward, backward: d + (4 * inner));
    }

    /// <summary>A layer of plain operators, as on a GPU: norms go through float32, and the attention takes padded whole sequences with all heads.</summary>
    /// <param name="model">The model.</param>
    /// <param name="rows">Rows of the pass.</param>
    /// <param name="paddedRows">Rows of the padded sequences.</param>
    /// <param name="layer">Which layer.</param>
    public static LayerMemory Plain(ModelSize model, long rows, long paddedRows, int layer = 0)
    {
        (long d, long q, long k, long inner, long heads, _, long head, bool normed, long further) = LayerWidths.Of(model, layer);
        bool narrow = model.ActivationSize < Wide;

        // Of each norm the scaled input and the result, and its input in float32 where that is a copy.
        long norms = (2 * d) + (normed ? q + k : 0);
        long kept = (2 * norms) + d + q + k + (2 * head) + q + (4 * inner);
        long scales = (narrow ? norms : 0) + 2;

        // Square and scaled input of each norm in float32; the turns of q and k in four products, two sums and their join; two projections.
        long forward = (2 * d) + (4 * (q + k)) + (4 * head) + (norms * 2 * Wide / model.ActivationSize) + further;
        LayerMemory memory = Of(model, layer, rows, kept, scales, forward, backward: 3 * inner);

        // Padded q, all heads of k and v, the output and its log-sums are kept; k and v before, and the output's rows in order, are not.
        return memory with
        {
            Kept = memory.Kept + (paddedRows * ((4 * q * model.ActivationSize) + (heads * Wide))),
            Forward = memory.Forward + (paddedRows * ((2 * k) + q) * model.ActivationSize),
        };
    }

    // Adapters: the narrow product is kept; with dropout its input and the mask too; the two outputs that are added are not.
    private static LayerMemory Of(ModelSize model, int layer, long rows, long kept, long wide, long forward, long backward)
    {
        foreach ((long input, long output) in model.AdaptedLinears(layer))
        {
            kept += model.Lora!.Rank + (model.Lora.Dropout > 0 ? 2 * input : 0);
            forward += (2 * output) + model.Lora.Rank;
        }

        return new LayerMemory(rows * ((kept * model.ActivationSize) + (wide * Wide)),
            rows * forward * model.ActivationSize, rows * backward * model.ActivationSize);
    }
}
