namespace Rlt.SmallWorld;

/// <summary>What a small step of arithmetic does to the running number.</summary>
internal enum OperationKind
{
    /// <summary>Adds 1 to 9.</summary>
    Add,

    /// <summary>Takes away 1 to 9.</summary>
    Subtract,

    /// <summary>Times two.</summary>
    Double,

    /// <summary>Times three.</summary>
    Triple,

    /// <summary>Half of an even number.</summary>
    Halve,
}

/// <summary>One small step of arithmetic; <paramref name="Amount"/> is 0 where the kind needs none.</summary>
internal readonly record struct Operation(OperationKind Kind, int Amount = 0)
{
    /// <summary>The largest number of the world: every number from 0 to it is one token.</summary>
    public const int Largest = 99;

    /// <summary>The largest amount that is added or taken away.</summary>
    public const int LargestAmount = 9;

    /// <summary>True where the kind needs an amount.</summary>
    public bool TakesAmount => Kind is OperationKind.Add or OperationKind.Subtract;

    /// <summary>Draws a kind evenly, then an amount.</summary>
    public static Operation Draw(WorldRandom random)
    {
        var kind = (OperationKind)random.Below(5);
        var operation = new Operation(kind);
        return operation.TakesAmount ? operation with { Amount = random.Between(1, LargestAmount) } : operation;
    }

    /// <summary>The result, or null where it is not a whole number from 0 to <see cref="Largest"/>.</summary>
    public int? Apply(int value)
    {
        int result = Kind switch
        {
            OperationKind.Add => value + Amount,
            OperationKind.Subtract => value - Amount,
            OperationKind.Double => value * 2,
            OperationKind.Triple => value * 3,
            _ => value % 2 == 0 ? value / 2 : -1,
        };
        return result is >= 0 and <= Largest ? result : null;
    }

    /// <summary>The event of a story, after "she": "buys 7", "gives half to Ben".</summary>
    public string AsEvent(WorldRandom random, string friend) => random.Pick(Kind switch
    {
        OperationKind.Add => [$"buys {Amount}", $"finds {Amount}", $"gets {Amount} from {friend}"],
        OperationKind.Subtract => [$"loses {Amount}", $"sells {Amount}", $"gives {Amount} to {friend}"],
        OperationKind.Double => ["doubles them", "gets as many again"],
        OperationKind.Triple => ["triples them", "makes it three times as many"],
        _ => (string[])["loses half", "sells half", $"gives half to {friend}"],
    });
}
