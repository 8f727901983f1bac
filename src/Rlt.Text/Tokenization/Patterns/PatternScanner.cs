namespace Rlt.Text.Tokenization.Patterns;

/// <summary>
/// Finds the matches of a pattern in one text after another: the leftmost match, of the first choice that leads to one.
/// </summary>
/// <remarks>
/// Backtracking, with the work bounded: when a text has cost more than <see cref="FreeStepsPerUnit"/> steps a UTF-16 unit, every
/// (step, position) that has failed is remembered and never tried again, so that the whole text costs at most steps times length.
/// Not for use by several threads at once.
/// </remarks>
internal sealed class PatternScanner(Pattern pattern)
{
    private const int FreeStepsPerUnit = 32;
    private const int FreeSteps = 10_000;

    private readonly PatternStep[] _steps = pattern.Steps;
    private readonly HashSet<long> _failed = [];
    private Entry[] _stack = new Entry[16];
    private int _depth;
    private string _text = "";
    private int _start;
    private int _end;
    private int _lastEnd;
    private long _freeSteps;

    private enum EntryKind
    {
        /// <summary>Value: the next target of the Choice to try.</summary>
        Choice,

        /// <summary>Value: how far the SetLoop may still give back.</summary>
        Loop,

        /// <summary>All that follows from the step at the position has failed.</summary>
        Failed,
    }

    private bool Remembers => _freeSteps < 0;

    /// <summary>Begins with the part of a text between two positions; nothing outside of it is looked at.</summary>
    public void Reset(string text, int start, int end)
    {
        _text = text;
        _start = start;
        _end = end;
        _lastEnd = -1;
        _failed.Clear();
        _freeSteps = FreeSteps + ((long)FreeStepsPerUnit * (end - start));
    }

    /// <summary>The next match at or after a position; an empty one right behind the last match does not count.</summary>
    public bool TryFind(int from, out TextSpan match)
    {
        for (int at = from; at <= _end; at += at < _end ? LengthAt(at) : 1)
        {
            if (pattern.Begin is { } begin && (at == _end || !begin.Contains(CodePoints.At(_text, at, _end, out _))))
            {
                continue;
            }

            int end = Run(0, at);
            if (end >= 0 && (end > at || end != _lastEnd))
            {
                _lastEnd = end;
                match = new TextSpan(at, end);
                return true;
            }
        }

        match = default;
        return false;
    }

    private int LengthAt(int at)
    {
        CodePoints.At(_text, at, _end, out int length);
        return length;
    }

    /// <summary>Where the match of the steps from <paramref name="step"/> on ends; -1 when there is none.</summary>
    private int Run(int step, int at)
    {
        int bottom = _depth;
        while (true)
        {
            var current = _steps[step];
            if (current.Kind == StepKind.Match)
            {
                _depth = bottom;
                return at;
            }

            bool going = current.Kind switch
            {
                StepKind.Set => TrySet(current, ref step, ref at),
                StepKind.SetLoop => TryLoop(current, ref step, ref at),
                StepKind.Choice => TryEnter(step, at) && TryChoice(current, 0, ref step, at),
                StepKind.Jump => Go(current.Targets[0], out step),
                StepKind.Look => TryLook(current, ref step, at),
                StepKind.Atomic => TryAtomic(current, ref step, ref at),
                _ => HoldsAt(current.Anchor, at) && Go(step + 1, out step),
            };
            while (!going)
            {
                if (_depth == bottom)
                {
                    return -1;
                }

                going = TryPop(ref step, ref at);
            }
        }
    }

    private static bool Go(int target, out int step)
    {
        step = target;
        return true;
    }

    private bool TrySet(PatternStep current, ref int step, ref int at)
    {
        if (at >= _end || !current.Set.Contains(CodePoints.At(_text, at, _end, out int length)))
        {
            return false;
        }

        at += length;
        step++;
        return true;
    }

    private bool TryLoop(PatternStep current, ref int step, ref int at)
    {
        if (!TryEnter(step, at))
        {
            return false;
        }

        int floor = at, scan = at, count = 0;
        bool unlimited = current.Max == int.MaxValue && !current.Possessive;
        while (count < current.Max && scan < _end && current.Set.Contains(CodePoints.At(_text, scan, _end, out int length)))
        {
            scan += length;
            count++;
            floor = count <= current.Min ? scan : floor;
            if (unlimited && Remembers && count > current.Min && _failed.Contains(InsideLoop(step, scan)))
            {
                // From here neither going on nor leaving leads to a match, so the longest run worth trying ends before.
                scan = CodePoints.Before(_text, scan, floor);
                break;
            }
        }

        _freeSteps -= scan - at;
        if (count < current.Min)
        {
            return false;
        }

        if (scan > floor && !current.Possessive)
        {
            Push(new Entry(EntryKind.Loop, step, scan, floor));
        }

        at = scan;
        step++;
        return true;
    }

    private bool TryChoice(PatternStep current, int index, ref int step, int at)
    {
        int codePoint = at < _end ? CodePoints.At(_text, at, _end, out _) : -1;
        for (; index < current.Targets.Length; index++)
        {
            if (current.Begins[index] is not { } begin || (codePoint >= 0 && begin.Contains(codePoint)))
            {
                if (index + 1 < current.Targets.Length)
                {
                    Push(new Entry(EntryKind.Choice, step, at, index + 1));
                }

                return Go(current.Targets[index], out step);
            }
        }

        return false;
    }

    private bool TryLook(PatternStep current, ref int step, int at)
    {
        int from = at;
        for (int i = 0; i < current.Back && from >= _start; i++)
        {
            from = from > _start ? CodePoints.Before(_text, from, _start) : -1;
        }

        bool found = from >= _start && Run(step + 1, from) >= 0;
        return found != current.Negated && Go(current.Targets[0], out step);
    }

    private bool TryAtomic(PatternStep current, ref int step, ref int at)
    {
        int end = Run(step + 1, at);
        if (end < 0)
        {
            return false;
        }

        at = end;
        return Go(current.Targets[0], out step);
    }

    /// <summary>Takes up the last choice that was left open; false when that leads nowhere either.</summary>
    private bool TryPop(ref int step, ref int at)
    {
        var entry = _stack[--_depth];
        _freeSteps--;
        step = entry.Step;
        at = entry.At;
        switch (entry.Kind)
        {
            case EntryKind.Choice:
                return TryChoice(_steps[step], entry.Value, ref step, at);
            case EntryKind.Failed:
                _failed.Add(Key(step, at));
                return false;
            default:
                if (Remembers && _steps[step].Max == int.MaxValue)
                {
                    _failed.Add(InsideLoop(step, at));
                }

                at = CodePoints.Before(_text, at, entry.Value);
                if (at > entry.Value)
                {
                    Push(entry with { At = at });
                }

                step++;
                return true;
        }
    }

    /// <summary>Whether a step that leaves choices open is worth trying; arranges for its failure to be remembered.</summary>
    private bool TryEnter(int step, int at)
    {
        if (!Remembers)
        {
            return true;
        }

        if (_failed.Contains(Key(step, at)))
        {
            return false;
        }

        Push(new Entry(EntryKind.Failed, step, at, 0));
        return true;
    }

    private static long Key(int step, int at) => ((long)step << 32) + at;

    private long InsideLoop(int step, int at) => ((long)(step + _steps.Length) << 32) + at;

    private void Push(Entry entry)
    {
        if (_depth == _stack.Length)
        {
            Array.Resize(ref _stack, 2 * _stack.Length);
        }

        _stack[_depth++] = entry;
    }

    private bool HoldsAt(AnchorKind anchor, int at) => anchor switch
    {
        AnchorKind.TextStart => at == _start,
        AnchorKind.TextEnd => at == _end,
        AnchorKind.TextEndOrLastLine => at == _end || (at == _end - 1 && _text[at] == '\n'),
        AnchorKind.LineStart => at == _start || _text[at - 1] == '\n',
        AnchorKind.LineEnd => at == _end || _text[at] == '\n',
        _ => (IsWordAt(at) != IsWordBefore(at)) == (anchor == AnchorKind.WordBoundary),
    };

    private bool IsWordAt(int at) => at < _end && PatternClasses.Word.Contains(CodePoints.At(_text, at, _end, out _));

    private bool IsWordBefore(int at) => at > _start && IsWordAt(CodePoints.Before(_text, at, _start));

    private readonly record struct Entry(EntryKind Kind, int Step, int At, int Value);
}
