namespace Rlt.SmallWorld;

/// <summary>What an explanation does with one sentence of the story.</summary>
internal enum Treatment
{
    /// <summary>Works out both small steps.</summary>
    Full,

    /// <summary>Gives the number after the sentence, not how it came about.</summary>
    Skipped,

    /// <summary>Says that something happens, without a number.</summary>
    Vague,

    /// <summary>Talks about something else.</summary>
    Chat,
}

/// <summary>
/// A kind of explanation: how often it occurs, how often it blurts the answer out at the start, and what it does with a sentence
/// (weights of full, skipped, vague, chat).
/// </summary>
internal sealed record Manner(int Share, double AnswerFirst, int[] TreatmentWeights);

/// <summary>
/// Writes explanations. The teacher's warm-up mixes careful ones with ones that skip, leak or ramble, chosen sentence by sentence:
/// a taught student follows the most frequent habit, and reinforcement learning can move it one choice at a time.
/// </summary>
internal static class Explanations
{
    /// <summary>The warm-up teacher's habits: careful, hasty, answer first, vague, chatty.</summary>
    public static readonly IReadOnlyList<Manner> WarmupManners =
    [
        new(10, 0, [1, 0, 0, 0]),
        new(30, 0, [30, 60, 10, 0]),
        new(20, 1, [20, 40, 30, 10]),
        new(20, 0, [20, 20, 50, 10]),
        new(20, 0, [25, 15, 15, 45]),
    ];

    /// <summary>The reward student's lessons: nearly all careful, a few careless, so that no ordinary word surprises it out of all measure.</summary>
    public static readonly IReadOnlyList<Manner> StudentManners =
    [
        new(94, 0, [1, 0, 0, 0]),
        new(6, 0.2, [70, 10, 10, 10]),
    ];

    /// <summary>An explanation in one of the manners and one good style.</summary>
    public static string Write(Problem problem, IReadOnlyList<Manner> manners, WorldRandom random)
    {
        Manner manner = manners[random.PickWeighted(manners.Select(m => m.Share).ToArray())];
        GoodStyle style = random.Pick(StepText.Styles);
        var parts = new List<string>();
        if (random.Chance(manner.AnswerFirst))
        {
            parts.Add($"The answer is {problem.Answer}.");
        }

        int value = problem.Start;
        int index = 0;
        foreach (int result in problem.Results)
        {
            var treatment = (Treatment)random.PickWeighted(manner.TreatmentWeights);
            string opener = Problem.Openers[index];
            parts.Add(treatment == Treatment.Full
                ? StepText.Full(style, opener, problem.Steps[index], value)
                : Careless(treatment, opener, problem, result, random));
            value = result;
            index++;
        }

        parts.Add($"So the answer is {problem.Answer}.");
        return string.Join(' ', parts);
    }

    /// <summary>A sentence that helps nobody.</summary>
    public static string Careless(Treatment treatment, string opener, Problem problem, int result, WorldRandom random) => treatment switch
    {
        Treatment.Skipped => random.Pick([$"{opener} there are {result}.", $"{opener} {problem.Person.Pronoun} has {result}."]),
        Treatment.Vague => random.Pick(
        [
            $"{opener} the number changes.",
            $"{opener} some come and some go.",
            $"{opener} {problem.Person.Pronoun} does both things.",
        ]),
        _ => random.Pick(
        [
            $"{opener} it is a fine day.",
            $"{opener} {problem.Person.Name} smiles at {problem.Friend}.",
            $"{opener} we all like {problem.Things}.",
        ]),
    };
}
