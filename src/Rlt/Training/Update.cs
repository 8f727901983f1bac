using Rlt.Models.Gradients;

namespace Rlt.Training;

/// <summary>One optimizer step from summed gradients.</summary>
public static class Update
{
    // As torch.nn.utils.clip_grad_norm_.
    private const double ClipEpsilon = 1e-6;

    /// <summary>Clips to the global norm, changes the weights, and clears the gradients.</summary>
    /// <returns>The L2 norm before clipping.</returns>
    /// <exception cref="RunFailedException">Loss or gradients are not finite; the weights are as they were.</exception>
    public static double ClipAndStep(GradientStore gradients, AdamW optimizer, double learningRate, double maxNorm, int step, double loss)
    {
        double norm = gradients.Norm();
        if (!double.IsFinite(norm) || !double.IsFinite(loss))
        {
            throw new RunFailedException(
                $"step {step + 1}: the loss is {loss} and the gradient norm {norm}; the step was not applied. Lower optimizer.learning_rate, or resume from an earlier checkpoint.");
        }

        double scale = maxNorm / (norm + ClipEpsilon);
        if (maxNorm > 0 && scale < 1)
        {
            gradients.Scale(scale);
        }

        optimizer.Step(gradients, learningRate);
        gradients.Clear();
        return norm;
    }
}
