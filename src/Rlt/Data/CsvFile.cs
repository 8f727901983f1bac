using System.Text;
using System.Text.Json.Nodes;

namespace Rlt.Data;

/// <summary>Reads rows from CSV as RFC 4180 has it: a header, commas, quoted fields that may hold commas, quotes written twice and line ends.</summary>
/// <remarks>Lines may end at "\n" alone, blank ones and those of empty fields are passed over, and an empty field counts as one that is not there; so
/// does an empty column without a name.</remarks>
internal sealed class CsvFile
{
    private readonly string _path;
    private readonly string _text;
    private int _at;
    private int _line = 1;
    private string? _problem;

    private CsvFile(string path) => (_path, _text) = (path, Text(path));

    /// <summary>Reads the rows in order, each with the line it begins on; every value is a text.</summary>
    /// <exception cref="DataException">The file cannot be read, its header cannot be used, or a quoted field is never closed.</exception>
    public static IEnumerable<ReadRow> ReadEach(string path)
    {
        var file = new CsvFile(path);
        List<string>? header = null;
        while (file.NextRecord())
        {
            int line = file._line;
            List<string> fields = file.Record();
            if (file._problem is null && fields.All(string.IsNullOrWhiteSpace))
            {
                continue;
            }

            if (header is null)
            {
                header = file.Header(line, fields);
                continue;
            }

            string? problem = file._problem ?? Misfit(header, fields);
            yield return problem is null ? new ReadRow(new JsonRow(path, line, Object(header, fields)), null) : ReadRow.Bad(path, line, problem);
        }
    }

    // Spreadsheets write columns without name and content, in some rows and not in others.
    private static string? Misfit(List<string> header, List<string> fields)
    {
        if (fields.Skip(header.Count).Any(field => field.Length > 0) || header.Skip(fields.Count).Any(name => name.Length > 0))
        {
            return $"{fields.Count} fields; the header has {header.Count}.";
        }

        int[] unnamed = [.. Enumerable.Range(0, Math.Min(header.Count, fields.Count)).Where(i => header[i].Length == 0 && fields[i].Length > 0)];
        return unnamed.Length < 2 ? null : $"columns {unnamed[0] + 1} and {unnamed[1] + 1} hold something and have no name; expected a name in the header.";
    }

    private static string Text(string path)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(RowFile.Bytes(path).Span);
        }
        catch (DecoderFallbackException error)
        {
            throw new DataException($"{path}: the file is not valid UTF-8; save it as CSV in UTF-8.", error);
        }
    }

    private static JsonObject Object(List<string> header, List<string> fields)
    {
        bool isUsed = header.Count(name => name.Length == 0) == 1;
        var row = new JsonObject();
        for (int i = 0; i < header.Count; i++)
        {
            string field = i < fields.Count ? fields[i] : "";
            if (header[i].Length > 0 || isUsed || field.Length > 0)
            {
                row[header[i]] = field.Length == 0 ? null : field;
            }
        }

        return row;
    }

    private List<string> Header(int line, List<string> header)
    {
        string? problem = _problem
            ?? (header.Where(name => name.Length > 0).GroupBy(name => name).FirstOrDefault(same => same.Count() > 1) is { } twice
                ? $"the header has '{twice.Key}' twice; expected different names." : null)
            ?? (header is [var only] && only.AsSpan().ContainsAny(';', '\t') ? $"the header is one column, '{only}'; expected commas between columns." : null);
        return problem is null
            ? [.. header.Select(name => string.IsNullOrWhiteSpace(name) ? "" : name)] : throw new DataException($"{_path}:{line}: {problem}");
    }

    // Passes over blank lines; false at the file's end.
    private bool NextRecord()
    {
        while (TakeLineEnd())
        {
        }

        return _at < _text.Length;
    }

    private List<string> Record()
    {
        _problem = null;
        var fields = new List<string>();
        do
        {
            fields.Add(_at < _text.Length && _text[_at] == '"' ? Quoted() : Plain());
        }
        while (TakeComma());
        TakeLineEnd();
        return fields;
    }

    private string Plain()
    {
        int length = _text.AsSpan(_at).IndexOfAny(',', '\n');
        int end = length < 0 ? _text.Length : _at + length;
        bool endsLine = end == _text.Length || _text[end] == '\n';
        end -= endsLine && end > _at && _text[end - 1] == '\r' ? 1 : 0;
        string field = _text[_at..end];
        _at = end;
        if (field.Contains('"'))
        {
            _problem ??= "a quote stands inside a field that is not quoted; expected the whole field in quotes and the quote written twice.";
        }

        return field;
    }

    private string Quoted()
    {
        int opened = _line;
        var field = new StringBuilder();
        bool goesOn = true;
        while (goesOn)
        {
            int start = _at + 1;
            int quote = _text.IndexOf('"', start);
            if (quote < 0)
            {
                throw new DataException(
                    $"{_path}:{opened}: a quoted field opens here and is never closed; expected a closing quote, and quotes inside the field written twice.");
            }

            ReadOnlySpan<char> part = _text.AsSpan(start, quote - start);
            field.Append(part);
            _line += part.Count('\n');
            _at = quote + 1;

            // Two quotes stand for one, and the field goes on.
            goesOn = _at < _text.Length && _text[_at] == '"';
            field.Append(goesOn ? "\"" : "");
        }

        if (Plain().Length > 0)
        {
            _problem ??= "text follows the closing quote of a field; expected a comma or the line's end.";
        }

        return field.ToString();
    }

    private bool TakeComma()
    {
        bool comma = _at < _text.Length && _text[_at] == ',';
        _at += comma ? 1 : 0;
        return comma;
    }

    private bool TakeLineEnd()
    {
        ReadOnlySpan<char> rest = _text.AsSpan(_at);
        int length = rest.StartsWith("\r\n") ? 2 : rest.StartsWith("\n") || rest is "\r" ? 1 : 0;
        _at += length;
        _line += length > 0 ? 1 : 0;
        return length > 0;
    }
}
