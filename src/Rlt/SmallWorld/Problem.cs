using System.Globalization;
using System.Text;

namespace Rlt.SmallWorld;

/// <summary>One sentence of a story: two small steps at once. The solution shows only the number after both.</summary>
internal readonly record struct StoryStep(Operation First, Operation Second);

/// <summary>A person of the stories.</summary>
internal readonly record struct Person(string Name, bool IsWoman)
{
    /// <summary>"she" or "he".</summary>
    public string Pronoun => IsWoman ? "she" : "he";
}

/// <summary>
/// A word problem: a person has some things, every sentence changes their number in two small steps.
/// The number after a sentence cannot be read off the question; it has to be worked out through the number between the two.
/// </summary>
internal sealed record Problem(Person Person, string Friend, string Things, int Start, IReadOnlyList<StoryStep> Steps, string Story)
{
    /// <summary>One problem in this many is kept for evaluation.</summary>
    public const int HeldOutOneIn = 16;

    /// <summary>The words that open the sentences, in order.</summary>
    public static readonly IReadOnlyList<string> Openers = ["First", "Then", "Later", "Last"];

    private static readonly Person[] s_people =
    [
        new("Anna", true), new("Ben", false), new("Cleo", true), new("Dan", false),
        new("Emma", true), new("Finn", false), new("Gina", true), new("Hugo", false),
    ];

    private static readonly string[] s_things = ["apples", "coins", "cards", "stones", "books", "shells", "stamps", "beads"];

    /// <summary>The number after every sentence.</summary>
    public IEnumerable<int> Results
    {
        get
        {
            int value = Start;
            foreach (StoryStep step in Steps)
            {
                value = step.Second.Apply(step.First.Apply(value)!.Value)!.Value;
                yield return value;
            }
        }
    }

    /// <summary>The story and what is asked.</summary>
    public string Question => IsRecipe ? $"{Story} So the number is?" : $"{Story} How many {Things} are there?";

    /// <summary>
    /// A recipe names the operations on a number: "The number is 12. First double and minus 5." Nobody has or does anything.
    /// A second family of questions: the base model reads them, but no teacher or student of the story files learns from any.
    /// </summary>
    public bool IsRecipe { get; init; }

    /// <summary>The number asked for.</summary>
    public int Answer => Results.Last();

    /// <summary>
    /// True for the problems of the evaluation. It depends on the numbers and operations alone, not on names or wording,
    /// so no training file can hold a held-out problem told in other words.
    /// </summary>
    public bool IsHeldOut => WorldRandom.StableHash(Signature) % HeldOutOneIn == 0;

    /// <summary>The start and the operations.</summary>
    public string Signature => Start.ToString(CultureInfo.InvariantCulture)
        + string.Concat(Steps.Select(s => $"|{s.First.Kind}{s.First.Amount},{s.Second.Kind}{s.Second.Amount}"));

    /// <summary>The worked solution: the number after every sentence, the last one boxed.</summary>
    public string Solution => IsRecipe ? RecipeSolutionText([.. Results]) : SolutionText(Person.IsWoman, [.. Results]);

    /// <summary>Numbers in the form of a solution.</summary>
    public static string SolutionText(bool isWoman, IReadOnlyList<int> numbers) =>
        $"{(isWoman ? "She" : "He")} has {string.Join(", then ", numbers)}. \\boxed{{{numbers[^1]}}}";

    /// <summary>Numbers in the form of a recipe's solution.</summary>
    public static string RecipeSolutionText(IReadOnlyList<int> numbers) => $"The number is {string.Join(", then ", numbers)}. \\boxed{{{numbers[^1]}}}";

    /// <summary>A person and things, nothing more.</summary>
    public static (Person Person, string Friend, string Things) DrawCast(WorldRandom random)
    {
        int person = random.Below(s_people.Length);
        int friend = (person + random.Between(1, s_people.Length - 1)) % s_people.Length;
        return (s_people[person], s_people[friend].Name, random.Pick(s_things));
    }

    /// <summary>A problem with the given number of sentences, from the held-out ones or from the others.</summary>
    public static Problem Draw(WorldRandom random, int sentences, bool heldOut, bool recipe = false)
    {
        while (true)
        {
            (Person person, string friend, string things) = DrawCast(random);
            int start = random.Between(3, 40);
            var problem = new Problem(person, friend, things, start, DrawSteps(random, start, sentences), "") { IsRecipe = recipe };
            if (problem.IsHeldOut == heldOut)
            {
                return problem with { Story = recipe ? Recipe(problem) : Tell(problem, random) };
            }
        }
    }

    private static StoryStep[] DrawSteps(WorldRandom random, int start, int sentences)
    {
        int value = start;
        var steps = new StoryStep[sentences];
        for (int i = 0; i < sentences; i++)
        {
            steps[i] = DrawStep(random, ref value);
        }

        return steps;
    }

    private static StoryStep DrawStep(WorldRandom random, ref int value)
    {
        while (true)
        {
            var step = new StoryStep(Operation.Draw(random), Operation.Draw(random));
            bool undoes = step.First.Kind == step.Second.Kind || Undoes(step.First.Kind, step.Second.Kind);
            if (!undoes && step.First.Apply(value) is > 0 and int between && step.Second.Apply(between) is > 2 and int result)
            {
                value = result;
                return step;
            }
        }
    }

    private static bool Undoes(OperationKind first, OperationKind second) =>
        (first, second) is (OperationKind.Double, OperationKind.Halve) or (OperationKind.Halve, OperationKind.Double);

    private static string Recipe(Problem problem) => string.Join(' ', problem.Steps
        .Select((step, i) => $"{Openers[i]} {StepText.Sign(GoodStyle.Words, step.First)} and {StepText.Sign(GoodStyle.Words, step.Second)}.")
        .Prepend(string.Create(CultureInfo.InvariantCulture, $"The number is {problem.Start}.")));

    private static string Tell(Problem problem, WorldRandom random)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{problem.Person.Name} has {problem.Start} {problem.Things}.");
        for (int i = 0; i < problem.Steps.Count; i++)
        {
            StoryStep step = problem.Steps[i];
            text.Append(CultureInfo.InvariantCulture, $" {Openers[i]} {problem.Person.Pronoun} {step.First.AsEvent(random, problem.Friend)}")
                .Append(CultureInfo.InvariantCulture, $" and {step.Second.AsEvent(random, problem.Friend)}.");
        }

        return text.ToString();
    }
}
