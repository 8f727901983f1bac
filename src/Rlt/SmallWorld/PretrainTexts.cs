using System.Text.Json.Nodes;

namespace Rlt.SmallWorld;

/// <summary>
/// What the base model reads: single steps of arithmetic in every style, chains of them, the plans of stories and recipes, single
/// sentences worked out, idle talk. It never sees a whole problem worked out, a thought or an answer tag: chaining is left for a student to learn.
/// </summary>
internal static class PretrainTexts
{
    private static readonly int[] s_weights = [10, 10, 20, 40, 10, 5, 5, 8, 12];

    /// <summary>One training row: {text} or {messages}.</summary>
    public static JsonObject Draw(WorldRandom random) => random.PickWeighted(s_weights) switch
    {
        0 => Text(Facts(random)),
        1 => Text(Chain(random)),
        2 => SentenceProblem(random, recipe: false),
        3 => Plan(random, recipe: false),
        4 => Retelling(random),
        5 => SmallQuestion(random),
        6 => Text(IdleTalk(random)),
        7 => SentenceProblem(random, recipe: true),
        _ => Plan(random, recipe: true),
    };

    private static JsonObject Text(string text) => new() { ["text"] = text };

    /// <summary>Unrelated small steps in one style.</summary>
    private static string Facts(WorldRandom random)
    {
        GoodStyle style = random.Pick(StepText.Styles);
        return Lines(8, () =>
        {
            (Operation operation, int value) = DrawFact(random);
            return $"{StepText.Small(style, operation, value)}.";
        });
    }

    /// <summary>Story steps worked out one after the other, each from the number the one before ended with.</summary>
    private static string Chain(WorldRandom random)
    {
        GoodStyle style = random.Pick(StepText.Styles);
        Problem problem = Problem.Draw(random, random.Between(2, 4), heldOut: false);
        var parts = new List<string>();
        int value = problem.Start;
        foreach ((StoryStep step, int result) in problem.Steps.Zip(problem.Results))
        {
            parts.Add(StepText.Full(style, random.Pick(Problem.Openers), step, value));
            value = result;
        }

        return string.Join(' ', parts);
    }

    /// <summary>A problem of one sentence, worked out.</summary>
    private static JsonObject SentenceProblem(WorldRandom random, bool recipe)
    {
        Problem problem = Problem.Draw(random, sentences: 1, heldOut: false, recipe);
        return Conversation(
            problem.Question,
            StepText.Full(random.Pick(StepText.Styles), Problem.Openers[0], problem.Steps[0], problem.Start));
    }

    /// <summary>A whole problem and its operations, without a number worked out: reading, not reckoning.</summary>
    private static JsonObject Plan(WorldRandom random, bool recipe)
    {
        GoodStyle style = random.Pick(StepText.Styles);
        Problem problem = Problem.Draw(random, random.Between(1, 4), heldOut: false, recipe);
        IEnumerable<string> plan = problem.Steps.Select((step, i) => StepText.Planned(style, Problem.Openers[i], step));
        return Conversation(problem.Question, string.Join(' ', plan));
    }

    /// <summary>Some numbers in the form of a solution, and again sentence by sentence, or the other way round.</summary>
    private static JsonObject Retelling(WorldRandom random)
    {
        int[] numbers = [.. Enumerable.Range(0, random.Between(1, 4)).Select(_ => random.Below(Operation.Largest + 1))];
        string solution = random.Below(3) == 0 ? Problem.RecipeSolutionText(numbers) : Problem.SolutionText(isWoman: random.Chance(0.5), numbers);
        string sentences = string.Join(' ', numbers.Select((number, i) => $"{Problem.Openers[i]} there are {number}."))
            + $" So the answer is {numbers[^1]}.";
        return random.Chance(0.5) ? Conversation(solution, sentences) : Conversation(sentences, solution);
    }

    /// <summary>A small question and its answer, as a conversation.</summary>
    private static JsonObject SmallQuestion(WorldRandom random)
    {
        (Operation operation, int value) = DrawFact(random);
        string answer = StepText.Small(random.Pick(StepText.Styles), operation, value);
        return Conversation($"What is {StepText.InWords(operation, value)}?", $"{answer}.");
    }

    /// <summary>Questions that nobody answers, and remarks.</summary>
    private static string IdleTalk(WorldRandom random)
    {
        Problem problem = Problem.Draw(random, random.Between(1, 3), heldOut: false);
        string remarks = string.Join(' ', Problem.Openers.Take(3).Select(opener => Explanations.Careless(
            (Treatment)random.Between((int)Treatment.Skipped, (int)Treatment.Chat), opener, problem, random.Below(Operation.Largest + 1), random)));
        return random.Chance(0.5) ? problem.Question : remarks;
    }

    private static (Operation Operation, int Value) DrawFact(WorldRandom random)
    {
        while (true)
        {
            var operation = Operation.Draw(random);
            int value = random.Below(Operation.Largest + 1);
            if (operation.Apply(value) is not null)
            {
                return (operation, value);
            }
        }
    }

    private static string Lines(int count, Func<string> line) => string.Join(' ', Enumerable.Range(0, count).Select(_ => line()));

    private static JsonObject Conversation(string question, string answer) => new()
    {
        ["messages"] = new JsonArray(Message("user", question), Message("assistant", answer)),
    };

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };
}
