using Rlt.Models.Gradients;

namespace Rlt.Training.Optimization;

/// <summary>One optimizer step from summed gradients.</summary>
public static class Update
{
    // As torch.nn.utils.clip_grad_norm_.
    private const double ClipEpsilon = 1e-6;

    /// <summary>Clips to the global norm, changes the weights, and clears the gradients.</summary>
    /// <param name="gradients">The summed gradients.</param>
    /// <param name="optimizer">Changes the weights.</param>
    /// <param name="learningRate">Its learning rate.</param>
    /// <param name="maxNorm">The largest norm that is left as it is; 0: any.</param>
    /// <param name="step">The run's step, from 0.</param>
    /// <param name="loss">The loss whose gradients these are.</param>
    /// <param name="update">Which of the step's updates, from 0.</param>
    /// <returns>The L2 norm before clipping.</returns>
    /// <exception cref="RunFailedException">Loss or gradients are not finite; the weights are as they were before this update.</exception>
    public static double ClipAndStep(GradientStore gradients, AdamW optimizer, double learningRate, double maxNorm, int step, double loss, int update = 0)
    {
        double norm = gradients.Norm();
        if (!double.IsFinite(norm) || !double.IsFinite(loss))
        {
            string what = update == 0 ? "the step was not applied" : $"update {update + 1} of the step was not applied, those before it were";
            throw new RunFailedException(
                $"step {step + 1}: the loss is {loss} and the gradient norm {norm}; {what}. "
                    + "Lower optimizer.learning_rate, or resume from an earlier checkpoint.");
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
