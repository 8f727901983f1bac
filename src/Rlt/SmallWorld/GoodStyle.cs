namespace Rlt.SmallWorld;

/// <summary>The ways to write a small step that a good explanation may use, and the reward student knows.</summary>
internal enum GoodStyle
{
    /// <summary>"double 12 is 24".</summary>
    Words,

    /// <summary>"12 * 2 = 24".</summary>
    Symbols,

    /// <summary>"12 doubled makes 24".</summary>
    Changes,
}

/// <summary>Writes single steps and whole story steps in a good style.</summary>
internal static class StepText
{
    /// <summary>All good styles.</summary>
    public static readonly IReadOnlyList<GoodStyle> Styles = Enum.GetValues<GoodStyle>();

    /// <summary>One small step with its result.</summary>
    public static string Small(GoodStyle style, Operation operation, int value)
    {
        int result = operation.Apply(value)!.Value;
        return style switch
        {
            GoodStyle.Words => $"{InWords(operation, value)} is {result}",
            GoodStyle.Symbols => $"{value} {Sign(style, operation)} = {result}",
            _ => $"{value} {Sign(style, operation)} makes {result}",
        };
    }

    /// <summary>One small step without its result, as a question names it: "double 12".</summary>
    public static string InWords(Operation operation, int value)
    {
        string sign = Sign(GoodStyle.Words, operation);
        return operation.TakesAmount ? $"{value} {sign}" : $"{sign} {value}";
    }

    /// <summary>Both small steps of a sentence after its opening word, each with its result.</summary>
    public static string Full(GoodStyle style, string opener, StoryStep step, int value)
    {
        int between = step.First.Apply(value)!.Value;
        string first = Small(style, step.First, value);
        string second = Small(style, step.Second, between);
        return style switch
        {
            GoodStyle.Words => $"{opener}, {first}, and {second}.",
            GoodStyle.Symbols => $"{opener}: {first}; {second}.",
            _ => $"{opener} we see {first} and {second}.",
        };
    }

    /// <summary>Both small steps of a sentence after its opening word, as operations alone: "First, double, and minus 5."</summary>
    public static string Planned(GoodStyle style, string opener, StoryStep step)
    {
        string first = Sign(style, step.First);
        string second = Sign(style, step.Second);
        return style switch
        {
            GoodStyle.Words => $"{opener}, {first}, and {second}.",
            GoodStyle.Symbols => $"{opener}: {first}; {second}.",
            _ => $"{opener} we see {first} and {second}.",
        };
    }

    /// <summary>The words of an operation around the number it works on.</summary>
    public static string Sign(GoodStyle style, Operation operation) => style switch
    {
        GoodStyle.Words => operation.Kind switch
        {
            OperationKind.Add => $"plus {operation.Amount}",
            OperationKind.Subtract => $"minus {operation.Amount}",
            OperationKind.Double => "double",
            OperationKind.Triple => "triple",
            _ => "half of",
        },
        GoodStyle.Symbols => operation.Kind switch
        {
            OperationKind.Add => $"+ {operation.Amount}",
            OperationKind.Subtract => $"- {operation.Amount}",
            OperationKind.Double => "* 2",
            OperationKind.Triple => "* 3",
            _ => "/ 2",
        },
        _ => operation.Kind switch
        {
            OperationKind.Add => $"and {operation.Amount}",
            OperationKind.Subtract => $"less {operation.Amount}",
            OperationKind.Double => "doubled",
            OperationKind.Triple => "tripled",
            _ => "halved",
        },
    };
}
