namespace Rlt.Text.Tokenization.Patterns;

/// <summary>What a step of a compiled pattern does.</summary>
internal enum StepKind
{
    /// <summary>Reads one code point of the set.</summary>
    Set,

    /// <summary>Reads between Min and Max code points of the set, as many as possible.</summary>
    SetLoop,

    /// <summary>Tries the targets in order.</summary>
    Choice,

    /// <summary>Goes to the first target.</summary>
    Jump,

    /// <summary>Goes to the first target if the steps after this one match, or do not match when Negated; consumes nothing.</summary>
    Look,

    /// <summary>Goes to the first target behind the first match of the steps after this one.</summary>
    Atomic,

    /// <summary>Tests the position.</summary>
    Anchor,

    /// <summary>Ends the pattern, or the steps of a look-around or an atomic group.</summary>
    Match,
}

/// <summary>One step of a compiled pattern.</summary>
internal sealed class PatternStep(StepKind kind)
{
    /// <summary>What the step does.</summary>
    public StepKind Kind { get; } = kind;

    /// <summary>The set of a Set or SetLoop; <see cref="CodePointSet.None"/> elsewhere.</summary>
    public CodePointSet Set { get; init; } = CodePointSet.None;

    /// <summary>The fewest repetitions of a SetLoop.</summary>
    public int Min { get; init; }

    /// <summary>The most repetitions of a SetLoop.</summary>
    public int Max { get; init; }

    /// <summary>Whether a SetLoop never gives back.</summary>
    public bool Possessive { get; init; }

    /// <summary>How far a Look goes back first, in code points; 0 looks ahead.</summary>
    public int Back { get; init; }

    /// <summary>Whether a Look wants no match.</summary>
    public bool Negated { get; init; }

    /// <summary>The condition of an Anchor.</summary>
    public AnchorKind Anchor { get; init; }

    /// <summary>Indices of the steps to go on with.</summary>
    public int[] Targets { get; set; } = [];

    /// <summary>What each of a Choice's targets can begin with; null where that is not known.</summary>
    public CodePointSet?[] Begins { get; set; } = [];
}

/// <summary>
/// A compiled regular expression over code points. The runtime's own engine works on UTF-16 units, so its <c>\p{L}</c> never matches a
/// letter outside the first plane; this one also bounds the work: see <see cref="PatternScanner"/>.
/// </summary>
internal sealed class Pattern
{
    private const int MaxSteps = 20_000;

    private readonly List<PatternStep> _steps = [];

    private Pattern(PatternNode node)
    {
        Begin = node.First;
        Add(node);
        _steps.Add(new PatternStep(StepKind.Match));
        Steps = [.. _steps];
    }

    /// <summary>The steps; the first is where a match begins.</summary>
    public PatternStep[] Steps { get; }

    /// <summary>What a match can begin with; null when that is not known or a match can be empty.</summary>
    public CodePointSet? Begin { get; }

    /// <summary>Compiles a regular expression.</summary>
    /// <exception cref="PatternSyntaxException">The pattern is malformed or uses something that is not supported.</exception>
    public static Pattern Compile(string pattern) => new(PatternParser.Parse(pattern));

    /// <summary>A pattern that matches one code point of a set.</summary>
    public static Pattern OfSet(CodePointSet set) => new(new SetNode(set));

    /// <summary>A pattern that matches a run of one set, or else a run of another.</summary>
    public static Pattern OfRuns(CodePointSet first, CodePointSet second) => new(new AlternationNode(
        [new RepeatNode(new SetNode(first), 1, int.MaxValue, RepeatKind.Greedy), new RepeatNode(new SetNode(second), 1, int.MaxValue, RepeatKind.Greedy)]));

    /// <summary>A pattern that matches a text as it is.</summary>
    public static Pattern OfText(string text)
    {
        var parts = new List<PatternNode>();
        for (int at = 0; at < text.Length;)
        {
            int codePoint = CodePoints.At(text, at, text.Length, out int length);
            parts.Add(new SetNode(CodePointSet.Range(codePoint, codePoint)));
            at += length;
        }

        return new Pattern(new SequenceNode(parts));
    }

    private void Add(PatternNode node)
    {
        if (_steps.Count > MaxSteps)
        {
            throw new PatternSyntaxException($"the pattern needs more than {MaxSteps} steps, because of its repetitions");
        }

        switch (node)
        {
            case SetNode set:
                _steps.Add(new PatternStep(StepKind.Set) { Set = set.Set });
                break;
            case SequenceNode sequence:
                foreach (var part in sequence.Parts)
                {
                    Add(part);
                }

                break;
            case AlternationNode alternation:
                AddChoice(alternation.Choices);
                break;
            case RepeatNode repeat:
                AddRepeat(repeat);
                break;
            case LookNode look:
                AddInner(new PatternStep(StepKind.Look) { Back = look.Behind ? look.Body.Length!.Value : 0, Negated = look.Negated }, look.Body);
                break;
            case AtomicNode atomic:
                AddInner(new PatternStep(StepKind.Atomic), atomic.Body);
                break;
            case AnchorNode anchor:
                _steps.Add(new PatternStep(StepKind.Anchor) { Anchor = anchor.Kind });
                break;
        }
    }

    private void AddInner(PatternStep step, PatternNode body)
    {
        _steps.Add(step);
        Add(body);
        _steps.Add(new PatternStep(StepKind.Match));
        step.Targets = [_steps.Count];
    }

    private void AddChoice(IReadOnlyList<PatternNode> choices)
    {
        var choice = new PatternStep(StepKind.Choice) { Begins = [.. choices.Select(node => node.First)] };
        _steps.Add(choice);
        var targets = new int[choices.Count];
        var jumps = new List<PatternStep>();
        for (int i = 0; i < choices.Count; i++)
        {
            targets[i] = _steps.Count;
            Add(choices[i]);
            jumps.Add(new PatternStep(StepKind.Jump));
            _steps.Add(jumps[^1]);
        }

        choice.Targets = targets;
        jumps.ForEach(jump => jump.Targets = [_steps.Count]);
    }

    private void AddRepeat(RepeatNode repeat)
    {
        if (repeat.Body is SetNode set && repeat.Kind != RepeatKind.Lazy)
        {
            bool possessive = repeat.Kind == RepeatKind.Possessive;
            _steps.Add(new PatternStep(StepKind.SetLoop) { Set = set.Set, Min = repeat.Min, Max = repeat.Max, Possessive = possessive });
            return;
        }

        if (repeat.Kind == RepeatKind.Possessive)
        {
            AddInner(new PatternStep(StepKind.Atomic), repeat with { Kind = RepeatKind.Greedy });
            return;
        }

        for (int i = 0; i < repeat.Min; i++)
        {
            Add(repeat.Body);
        }

        bool lazy = repeat.Kind == RepeatKind.Lazy;
        var options = new List<(PatternStep Choice, int Body)>();
        for (int i = repeat.Min; i < (repeat.Max == int.MaxValue ? repeat.Min + 1 : repeat.Max); i++)
        {
            var choice = new PatternStep(StepKind.Choice);
            _steps.Add(choice);
            options.Add((choice, _steps.Count));
            Add(repeat.Body);
        }

        if (repeat.Max == int.MaxValue)
        {
            _steps.Add(new PatternStep(StepKind.Jump) { Targets = [options[0].Body - 1] });
        }

        CodePointSet? begin = repeat.Body.First;
        foreach (var (choice, body) in options)
        {
            choice.Targets = lazy ? [_steps.Count, body] : [body, _steps.Count];
            choice.Begins = lazy ? [null, begin] : [begin, null];
        }
    }
}

/// <summary>A regular expression that cannot be read; the file's reader turns it into an error that names the place.</summary>
internal sealed class PatternSyntaxException(string message) : Exception(message);
