using static TorchSharp.torch;

namespace Rlt.Models.Gradients;

/// <summary>
/// What a pass has computed, in order, so that gradients can be brought back through it: reverse-mode differentiation. Each operation records how its
/// result's derivative becomes its inputs', and keeps only the tensors that this takes. Gradients of weights go to a store.
/// </summary>
/// <remarks>
/// libtorch's own autograd is asked only for single operations that have no kernel (<see cref="Plain"/>): it would keep what every operator likes to
/// keep, make a new tensor for every gradient of a weight, and cannot be extended from here without a call back for each operation.
/// </remarks>
/// <param name="gradients">Receives the gradients of weights.</param>
public sealed class Tape(GradientStore gradients) : IDisposable
{
    private readonly Stack<Step> _steps = [];

    /// <summary>Where the gradients of weights go.</summary>
    public GradientStore Gradients => gradients;

    /// <summary>Records an operation.</summary>
    /// <param name="result">Its result, from which the backward comes.</param>
    /// <param name="backward">Given the derivative by the result, adds the inputs' parts. Runs without gradients, in a dispose scope of its own.</param>
    /// <param name="kept">Tensors beside the variables' that it takes; the tape's from now on.</param>
    public void Record(Variable result, Action<Tensor> backward, params Tensor[] kept) => Record(
        [result],
        gradients =>
        {
            if (gradients[0] is { } gradient)
            {
                backward(gradient);
            }
        },
        kept);

    /// <summary>Records an operation with several results, of which some may have no derivative.</summary>
    public void Record(Variable[] results, Action<Tensor?[]> backward, params Tensor[] kept)
    {
        Array.ForEach(kept, tensor => tensor.DetachFromDisposeScope());
        _steps.Push(new Step(results, backward, kept));
    }

    /// <summary>Computes with libtorch's operators, and lets its autograd bring the gradient back.</summary>
    /// <param name="tape">The tape; null to compute alone.</param>
    /// <param name="operation">Makes the result of the inputs' and then the weights' tensors.</param>
    /// <param name="inputs">The inputs.</param>
    /// <param name="weights">The weights.</param>
    public static Variable Plain(Tape? tape, Func<Tensor[], Tensor> operation, Variable[] inputs, params Parameter[] weights)
    {
        Tensor[] data = [.. inputs.Select(input => input.Data), .. weights.Select(weight => weight.Value)];
        return tape is null ? new Variable(operation(data)) : tape.Graph(operation, inputs, weights, data);
    }

    /// <summary>Brings the derivative by a variable back to all that it was computed from.</summary>
    /// <param name="result">The variable.</param>
    /// <param name="gradient">The derivative, which stays the caller's.</param>
    public void Backward(Variable result, Tensor gradient)
    {
        using var noGrad = no_grad();
        result.Receive(gradient, shared: true);
        while (_steps.TryPop(out Step? step))
        {
            using var scope = NewDisposeScope();
            Tensor?[] above = Array.ConvertAll(step.Results, made => made.TakeGradient());
            if (above.Any(part => part is not null))
            {
                step.Backward(above);
            }

            Array.ForEach(above, part => part?.Dispose());
            step.Free();
        }
    }

    /// <summary>Frees what a backward that was not run would have taken.</summary>
    public void Dispose()
    {
        while (_steps.TryPop(out Step? step))
        {
            step.Free();
        }
    }

    private Variable Graph(Func<Tensor[], Tensor> operation, Variable[] inputs, Parameter[] weights, Tensor[] data)
    {
        bool[] wanted = [.. inputs.Select(_ => true), .. weights.Select(gradients.Trains)];
        Tensor[] leaves = [.. data.Zip(wanted, (tensor, wants) => tensor.detach().requires_grad_(wants))];
        Tensor result;
        using (enable_grad())
        {
            result = operation(leaves);
        }

        var y = new Variable(result.detach());
        Record(
            y,
            dy =>
            {
                result.backward([dy]);
                for (int i = 0; i < leaves.Length; i++)
                {
                    if (leaves[i].grad is not { } gradient)
                    {
                        continue;
                    }

                    if (i < inputs.Length)
                    {
                        inputs[i].Receive(gradient);
                    }
                    else
                    {
                        gradients.Add(weights[i - inputs.Length], gradient);
                    }
                }
            },
            [result, .. leaves]);
        return y;
    }

    private sealed record Step(Variable[] Results, Action<Tensor?[]> Backward, Tensor[] Kept)
    {
        public void Free()
        {
            Array.ForEach(Results, result => result.Free());
            Array.ForEach(Kept, tensor => tensor.Dispose());
        }
    }
}
