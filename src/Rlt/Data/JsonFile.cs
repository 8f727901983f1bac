using System.Text.Json;

namespace Rlt.Data;

/// <summary>Reads rows from one JSON document: a list of objects, or an object that has the list as <c>data</c>.</summary>
internal static class JsonFile
{
    private const string Expected = "a list of objects, or {\"data\": [...]}";

    /// <summary>Reads the rows in order, each with the line it begins on.</summary>
    /// <exception cref="DataException">The file cannot be read or is not such a document.</exception>
    public static IEnumerable<ReadRow> ReadEach(string path)
    {
        ReadOnlyMemory<byte> text = RowFile.Bytes(path);
        int line = 1, counted = 0;
        foreach ((int start, int end) in Items(path, text.Span))
        {
            line += text.Span[counted..start].Count((byte)'\n');
            counted = start;
            yield return ReadRow.FromJson(path, line, text.Span[start..end], "item", "an object");
        }
    }

    private static List<(int Start, int End)> Items(string path, ReadOnlySpan<byte> text)
    {
        var json = new Utf8JsonReader(text, new JsonReaderOptions { AllowMultipleValues = true });
        try
        {
            json.Read();
            List<(int, int)>? items = json.TokenType switch
            {
                JsonTokenType.StartArray => List(ref json),
                JsonTokenType.StartObject => Data(path, ref json),
                _ => null,
            };
            int end = (int)json.BytesConsumed;
            if (!text[end..].Trim(" \t\r\n"u8).IsEmpty)
            {
                throw new DataException(
                    $"{path}:{LineOf(text, end)}: the file goes on after its first value; expected {Expected}. Name it .jsonl if it has one object a line.");
            }

            return items ?? throw new DataException($"{path}: the file has no list of rows; expected {Expected}.");
        }
        catch (JsonException error)
        {
            // The parser's own sentence ends with places that count from 0.
            string reason = error.Message.Split(" LineNumber:")[0];
            throw new DataException($"{path}:{error.LineNumber + 1}: the file is not usable JSON: {reason}", error);
        }
    }

    private static List<(int, int)> List(ref Utf8JsonReader json)
    {
        var items = new List<(int, int)>();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            int start = (int)json.TokenStartIndex;
            json.Skip();
            items.Add((start, (int)json.BytesConsumed));
        }

        return items;
    }

    private static List<(int, int)>? Data(string path, ref Utf8JsonReader json)
    {
        List<(int, int)>? items = null;
        while (json.Read() && json.TokenType != JsonTokenType.EndObject)
        {
            bool isData = json.ValueTextEquals("data"u8);
            json.Read();
            if (isData && json.TokenType == JsonTokenType.StartArray)
            {
                items = items is null ? List(ref json) : throw new DataException($"{path}: 'data' is there twice; expected one list of rows.");
            }
            else
            {
                json.Skip();
            }
        }

        return items;
    }

    private static int LineOf(ReadOnlySpan<byte> text, int end) => 1 + text[..(end + text[end..].IndexOfAnyExcept(" \t\r\n"u8))].Count((byte)'\n');
}
