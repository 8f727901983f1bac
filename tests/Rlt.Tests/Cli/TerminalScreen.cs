using System.Text;
using System.Text.RegularExpressions;

namespace Rlt.Tests.Cli;

/// <summary>A terminal of a given size: what is written to it becomes what one sees, and what has been rolled out of sight.</summary>
internal sealed class TerminalScreen(int width, int height) : TextWriter
{
    private readonly List<char[]> _lines = [.. Enumerable.Range(0, height).Select(_ => Blank(width))];
    private readonly StringBuilder _escape = new();
    private int _row;
    private int _column;

    public int Columns { get; private set; } = width;

    public int Rows { get; private set; } = height;

    public override Encoding Encoding => Encoding.UTF8;

    /// <summary>Lines above the screen.</summary>
    public List<string> Scrollback { get; } = [];

    /// <summary>The screen's lines, those below the last text left out.</summary>
    public string Text => string.Join('\n', _lines.Select(Shown)).TrimEnd('\n') + "\n";

    /// <summary>As terminals do that fold long lines: each line is broken at the new width, and the last lines stay in sight.</summary>
    public void Resize(int columns, int rows)
    {
        List<string> folded = [.. _lines.Take(_row + 1).SelectMany(line => Shown(line).Chunk(columns).Select(part => new string(part)).DefaultIfEmpty(""))];
        int over = Math.Max(0, folded.Count - rows);
        Scrollback.AddRange(folded.Take(over));
        _lines.Clear();
        _lines.AddRange(folded.Skip(over).Select(line => line.PadRight(columns).ToCharArray()));
        _row = _lines.Count - 1;
        _lines.AddRange(Enumerable.Range(0, Math.Max(rows - _lines.Count, 0)).Select(_ => Blank(columns)));
        (Columns, Rows, _column) = (columns, rows, Math.Min(_column, columns - 1));
    }

    public override void Write(string? value)
    {
        foreach (char symbol in value ?? "")
        {
            Write(symbol);
        }
    }

    public override void Write(char value)
    {
        if (_escape.Length > 0 || value == '\e')
        {
            _escape.Append(value);
            if (value is >= 'A' and <= 'Z' or >= 'a' and <= 'z')
            {
                Obey(_escape.ToString());
                _escape.Clear();
            }
        }
        else if (value == '\n')
        {
            Down();
            _column = 0;
        }
        else if (value == '\r')
        {
            _column = 0;
        }
        else
        {
            if (_column == Columns)
            {
                Down();
                _column = 0;
            }

            _lines[_row][_column++] = value;
        }
    }

    private static char[] Blank(int columns) => new string(' ', columns).ToCharArray();

    private static string Shown(char[] line) => new string(line).TrimEnd();

    private void Down()
    {
        if (++_row == Rows)
        {
            Scrollback.Add(Shown(_lines[0]));
            _lines.RemoveAt(0);
            _lines.Add(Blank(Columns));
            _row--;
        }
    }

    private void Obey(string sequence)
    {
        Match parts = Regex.Match(sequence, @"^\e\[([0-9;]*)([A-Za-z])$");
        int[] numbers = [.. parts.Groups[1].Value.Split(';').Select(number => number.Length == 0 ? 0 : int.Parse(number, System.Globalization.CultureInfo.InvariantCulture))];
        switch (parts.Groups[2].Value)
        {
            case "A":
                _row = Math.Max(0, _row - numbers[0]);
                break;
            case "H":
                (_row, _column) = (Math.Clamp(numbers[0] - 1, 0, Rows - 1), numbers.Length > 1 ? numbers[1] - 1 : 0);
                break;
            case "J":
                Array.Fill(_lines[_row], ' ', _column, Columns - _column);
                _lines[(_row + 1)..].ForEach(line => Array.Fill(line, ' '));
                break;
            case "m":
                break;
            default:
                Assert.Fail($"unknown sequence {sequence[1..]}");
                break;
        }
    }
}
