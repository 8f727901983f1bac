namespace Rlt.Configuration;

/// <summary>Something wrong with a config that its types alone do not show.</summary>
/// <param name="Key">The key within the record that reports it: "group_size", "loss.beta", or the property's name.</param>
/// <param name="Message">The rest of the sentence after the key: "is 1; GRPO needs at least 2 samples per question. Set it to 4 or more."</param>
public sealed record ConfigProblem(string Key, string Message);
