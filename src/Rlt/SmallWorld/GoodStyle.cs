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
            GoodStyle.Symbols => $"{InSymbols(operation, value)} = {result}",
            _ => $"{AsChange(operation, value)} makes {result}",
        };
    }

    /// <summary>One small step without its result, as a question names it: "double 12".</summary>
    public static string InWords(Operation operation, int value) => operation.Kind switch
    {
        OperationKind.Add => $"{value} plus {operation.Amount}",
        OperationKind.Subtract => $"{value} minus {operation.Amount}",
        OperationKind.Double => $"double {value}",
        OperationKind.Triple => $"triple {value}",
        _ => $"half of {value}",
    };

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

    private static string InSymbols(Operation operation, int value) => operation.Kind switch
    {
        OperationKind.Add => $"{value} + {operation.Amount}",
        OperationKind.Subtract => $"{value} - {operation.Amount}",
        OperationKind.Double => $"{value} * 2",
        OperationKind.Triple => $"{value} * 3",
        _ => $"{value} / 2",
    };

    private static string AsChange(Operation operation, int value) => operation.Kind switch
    {
        OperationKind.Add => $"{value} and {operation.Amount}",
        OperationKind.Subtract => $"{value} less {operation.Amount}",
        OperationKind.Double => $"{value} doubled",
        OperationKind.Triple => $"{value} tripled",
        _ => $"{value} halved",
    };
}
