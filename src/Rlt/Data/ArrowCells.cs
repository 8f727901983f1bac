using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Apache.Arrow;
using Apache.Arrow.Types;

namespace Rlt.Data;

/// <summary>The cells of Arrow's columns as JSON: texts, numbers, booleans, and lists and structs of them; dates and times as ISO 8601 texts.</summary>
/// <remarks>Nulls and empty lists stay what they are. A number that is not finite, for which JSON has no form, is null.</remarks>
internal static class ArrowCells
{
    private const int LongestNumber = 128;

    /// <summary>What is wrong with a column's type, for the end of a message; null where its cells can be read.</summary>
    public static string? Problem(Field column) => Unreadable(column.Name, column.DataType) is var (path, type)
        ? $"column '{path}' has the type {type}; expected texts, numbers, booleans, dates, and lists and structs of them. "
            + "Write the file without that column." : null;

    /// <summary>The cell at each place of a column.</summary>
    public static Func<int, JsonNode?> Of(IArrowArray column)
    {
        Func<int, JsonNode?> value = column switch
        {
            NullArray => _ => null,
            StringArray texts => Texts(texts),
            LargeStringArray texts => i => texts.GetString(i),
            StringViewArray texts => i => texts.GetString(i),
            BooleanArray flags => i => flags.GetValue(i),
            Date32Array dates => i => Iso(dates.GetDateTimeOffset(i), "yyyy-MM-dd"),
            Date64Array dates => i => Iso(dates.GetDateTimeOffset(i), "yyyy-MM-dd"),
            TimestampArray times => Times(times),
            Time32Array times => i => Iso(times.GetTime(i)),
            Time64Array times => i => Iso(times.GetTime(i)),
            Decimal128Array numbers => i => Number(numbers.GetString(i)!),
            Decimal256Array numbers => i => Number(numbers.GetString(i)!),
            Int8Array numbers => Numbers(numbers),
            Int16Array numbers => Numbers(numbers),
            Int32Array numbers => Numbers(numbers),
            Int64Array numbers => Numbers(numbers),
            UInt8Array numbers => Numbers(numbers),
            UInt16Array numbers => Numbers(numbers),
            UInt32Array numbers => Numbers(numbers),
            UInt64Array numbers => Numbers(numbers),
            HalfFloatArray numbers => i => double.IsFinite((double)numbers.GetValue(i)!.Value) ? Number(numbers.GetValue(i)!.Value) : null,
            FloatArray numbers => i => float.IsFinite(numbers.GetValue(i)!.Value) ? Number(numbers.GetValue(i)!.Value) : null,
            DoubleArray numbers => i => double.IsFinite(numbers.GetValue(i)!.Value) ? Number(numbers.GetValue(i)!.Value) : null,
            DictionaryArray coded => Coded(coded),
            ListArray lists => Items(lists.Values, i => (lists.ValueOffsets[i], lists.ValueOffsets[i + 1])),
            LargeListArray lists => Items(lists.Values, i => (checked((int)lists.ValueOffsets[i]), checked((int)lists.ValueOffsets[i + 1]))),
            FixedSizeListArray lists => FixedItems(lists),
            StructArray records => Fields(records),
            _ => throw new DataException($"a column has the type {column.Data.DataType.Name}."),
        };
        return column.NullCount == 0 ? value : i => column.IsNull(i) ? null : value(i);
    }

    private static (string Path, string Type)? Unreadable(string path, IArrowType type) => type switch
    {
        StructType record => record.Fields.Select(field => Unreadable($"{path}.{field.Name}", field.DataType)).FirstOrDefault(found => found is not null),
        ListType list => Unreadable(path, list.ValueDataType),
        LargeListType list => Unreadable(path, list.ValueDataType),
        FixedSizeListType list => Unreadable(path, list.ValueDataType),
        DictionaryType coded => Unreadable(path, coded.ValueType),
        MapType or UnionType => (path, type.Name),
        NullType or StringType or LargeStringType or StringViewType or BooleanType or NumberType or Decimal128Type or Decimal256Type or DateType
            or TimestampType or Time32Type or Time64Type => null,
        _ => (path, type.Name),
    };

    // Columns such as a system prompt say the same in every row: one text for all of them.
    private static Func<int, JsonNode?> Texts(StringArray texts)
    {
        int last = -1;
        string? text = null;
        return i =>
        {
            if (last < 0 || !texts.GetBytes(i).SequenceEqual(texts.GetBytes(last)))
            {
                text = texts.GetString(i);
            }

            last = i;
            return text;
        };
    }

    private static Func<int, JsonNode?> Numbers<T>(PrimitiveArray<T> numbers)
        where T : struct, IUtf8SpanFormattable, IEquatable<T> => i => Number(numbers.GetValue(i)!.Value);

    private static JsonValue? Number<T>(T number)
        where T : IUtf8SpanFormattable
    {
        Span<byte> digits = stackalloc byte[LongestNumber];
        return number.TryFormat(digits, out int length, default, CultureInfo.InvariantCulture) ? JsonValue.Create(JsonElement.Parse(digits[..length])) : null;
    }

    private static JsonValue? Number(string digits) => JsonValue.Create(JsonElement.Parse(digits));

    private static Func<int, JsonNode?> Times(TimestampArray times)
    {
        string zone = ((TimestampType)times.Data.DataType).IsTimeZoneAware ? "'Z'" : "";
        return i => Iso(times.GetTimestamp(i), $"yyyy-MM-ddTHH:mm:ss.FFFFFFF{zone}");
    }

    private static string? Iso(DateTimeOffset? time, string format) => time?.UtcDateTime.ToString(format, CultureInfo.InvariantCulture);

    private static string? Iso(TimeOnly? time) => time?.ToString("HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture);

    private static Func<int, JsonNode?> Coded(DictionaryArray coded)
    {
        Func<int, JsonNode?> value = Of(coded.Dictionary), place = Of(coded.Indices);
        return i => value(place(i)!.GetValue<int>());
    }

    private static Func<int, JsonNode?> Items(IArrowArray values, Func<int, (int From, int To)> place)
    {
        Func<int, JsonNode?> item = Of(values);
        return i =>
        {
            (int from, int to) = place(i);
            return List(item, from, to);
        };
    }

    private static Func<int, JsonNode?> FixedItems(FixedSizeListArray lists)
    {
        int size = ((FixedSizeListType)lists.Data.DataType).ListSize;
        return Items(lists.Values, i => ((lists.Offset + i) * size, (lists.Offset + i + 1) * size));
    }

    private static JsonArray List(Func<int, JsonNode?> item, int from, int to)
    {
        var list = new JsonArray();
        for (int i = from; i < to; i++)
        {
            list.Add(item(i));
        }

        return list;
    }

    private static Func<int, JsonNode?> Fields(StructArray records)
    {
        (string Name, Func<int, JsonNode?> Cell)[] fields =
            [.. ((StructType)records.Data.DataType).Fields.Select((field, i) => (field.Name, Of(records.Fields[i])))];
        return i =>
        {
            var record = new JsonObject();
            foreach ((string name, Func<int, JsonNode?> cell) in fields)
            {
                record.Add(name, cell(i));
            }

            return record;
        };
    }
}
