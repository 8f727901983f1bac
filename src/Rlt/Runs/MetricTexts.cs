namespace Rlt.Runs;

/// <summary>What each metric means, in a sentence for those who watch a run.</summary>
public static class MetricTexts
{
    private static readonly Dictionary<string, string> Texts = new()
    {
        ["reward"] = "Mean reward of the step's explanations or answers. Should rise.",
        ["reward_kept"] = "Mean reward of the explanations that were kept.",
        ["solution_score"] =
            "How likely the solution is to the student after reading the explanation (weighted mean and minimum over its tokens, nats). Should rise.",
        ["solution_mean"] = "Mean log-probability of a solution token to the student, nats.",
        ["solution_min"] = "Log-probability of the solution's least likely token to the student, nats.",
        ["think_kl"] =
            "How much the explanation surprises a student who has seen the question alone (weighted mean and maximum over its tokens, nats). Should fall.",
        ["kl_mean"] = "Mean KL of an explanation token between teacher and student, nats.",
        ["kl_max"] = "KL of the most surprising explanation token, nats.",
        ["match"] = "0 where explanations have their closing tag, −1 where they lack it.",
        ["penalty"] = "What the reward's penalties take away.",
        ["correct"] = "Share of right answers. Should rise.",
        ["accuracy"] = "Share of right answers so far.",
        ["no_answer"] = "Share of answers that state none.",
        ["solved_by_all"] = "Share of questions that the whole group solves; they teach nothing.",
        ["solved_by_none"] = "Share of questions that nobody of the group solves; they teach nothing.",
        ["whole_form"] = "Share of answers in the format's form.",
        ["loss"] = "Loss of the update. In GRPO it hovers about zero; in fine-tuning it is −log p a target token (nats) and should fall.",
        ["student_loss"] = "Loss of the live student on the teacher's newest explanations, before it learned them; nats a token.",
        ["student_examples"] = "Explanations that the live student learned after the step.",
        ["grad_norm"] = "Norm of the gradients before clipping. Spikes mean unstable updates.",
        ["learning_rate"] = "Learning rate of the update.",
        ["epoch"] = "Times the data has been seen.",
        ["target_tokens"] = "Tokens of the step that the loss is on.",
        ["sequence_tokens"] = "Mean tokens of a sequence.",
        ["completion_tokens"] = "Mean tokens of a completion. A collapse to few, or growth to the limit, is a warning.",
        ["explanation_tokens"] = "Mean tokens of an explanation.",
        ["traces"] = "Traces of the block that were kept.",
        ["dropped"] = "Questions of the block without a usable explanation.",
        ["bytes"] = "Bytes of the file of traces so far, by which a stopped run goes on.",
        ["truncated"] = "Share of completions cut off at the limit.",
        ["missing_tag"] = "Share of explanations without their closing tag.",
        ["empty"] = "Share of explanations without a word.",
        ["leaks_early"] = "Share of explanations that tell the final answer in their first fifth.",
        ["copies_solution"] = "Share of the solution's four-word runs that the explanation copies.",
        ["repetition"] = "Share of the explanation's four-word runs that it had before.",
        ["zero_spread_groups"] = "Share of groups whose rewards are all alike; they teach nothing.",
        ["sampler_difference"] = "Largest difference of a token's log-probability between sampling and training, nats. More than rounding is a fault.",
        ["entropy"] = "The policy's entropy, nats a token. A fall to zero means that it always says the same.",
        ["kl_reference"] = "How far the policy has gone from the reference (k3 estimate, nats a token).",
        ["expert_load"] = "Rows of the busiest expert against an even share, mean over layers: 1 where all experts have as many.",
        ["clip_ratio"] = "Share of tokens whose ratio is clipped.",
        ["clip_ratio_low"] = "Share of tokens clipped from below.",
        ["clip_ratio_high"] = "Share of tokens clipped from above.",
        ["step_seconds"] = "Seconds of the step.",
        ["eta_seconds"] = "Seconds to the end of the run.",
        ["tokens_per_second"] = "Tokens a second through forward and backward pass.",
        ["resident_mib"] = "Main memory of the process now, MiB.",
        ["peak_mib"] = "Most memory so far, MiB; on a GPU the device's.",
        ["live_tensors"] = "Tensors alive after the step. Growth is a leak.",
    };

    private static readonly Dictionary<string, string> Spread = new()
    {
        ["_std"] = "mean over the groups of their standard deviation; near zero the group teaches nothing",
        ["_min"] = "least of the step", ["_p10"] = "10th percentile of the step", ["_p50"] = "median of the step",
        ["_p90"] = "90th percentile of the step", ["_max"] = "largest of the step",
    };

    /// <summary>The metric's meaning; null for one that is not known.</summary>
    public static string? Of(string name)
    {
        if (Texts.TryGetValue(name, out string? text))
        {
            return text;
        }

        return Spread.FirstOrDefault(spread => name.EndsWith(spread.Key, StringComparison.Ordinal)) is { Key: { } suffix } spread
            && Texts.TryGetValue(name[..^suffix.Length], out string? whole) ? $"{whole} Here: {spread.Value}."
            : name.StartsWith("seconds_", StringComparison.Ordinal) ? $"Seconds of the phase '{name["seconds_".Length..]}' in the step."
            : name.EndsWith("_tokens_per_second", StringComparison.Ordinal) ? $"Tokens a second of the phase '{name[..^"_tokens_per_second".Length]}'."
            : null;
    }
}
