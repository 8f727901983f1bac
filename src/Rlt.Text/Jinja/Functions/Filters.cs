using Rlt.Text.Jinja.Runtime;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Functions;

/// <summary>Jinja's filters by name, and tojson as transformers defines it.</summary>
internal static class Filters
{
    private static readonly Dictionary<string, Filter> s_filters = new(StringComparer.Ordinal)
    {
        ["abs"] = NumberFilters.Absolute,
        ["capitalize"] = TextFilters.Change(PyText.Capitalize),
        ["count"] = SequenceFilters.Length,
        ["d"] = Default,
        ["default"] = Default,
        ["dictsort"] = OrderFilters.SortDict,
        ["e"] = TextFilters.Escape,
        ["escape"] = TextFilters.Escape,
        ["first"] = SequenceFilters.First,
        ["float"] = NumberFilters.Float,
        ["indent"] = TextFilters.Indent,
        ["int"] = NumberFilters.Integer,
        ["items"] = SequenceFilters.Items,
        ["join"] = TextFilters.Join,
        ["last"] = SequenceFilters.Last,
        ["length"] = SequenceFilters.Length,
        ["list"] = SequenceFilters.List,
        ["lower"] = TextFilters.Change(PyText.Lower),
        ["map"] = SelectionFilters.Map,
        ["max"] = OrderFilters.Max,
        ["min"] = OrderFilters.Min,
        ["reject"] = SelectionFilters.Reject,
        ["rejectattr"] = SelectionFilters.RejectByAttribute,
        ["replace"] = TextFilters.Replace,
        ["reverse"] = SequenceFilters.Reverse,
        ["round"] = NumberFilters.Round,
        ["safe"] = TextFilters.MarkSafe,
        ["select"] = SelectionFilters.Select,
        ["selectattr"] = SelectionFilters.SelectByAttribute,
        ["sort"] = OrderFilters.Sort,
        ["string"] = TextFilters.Change(text => text),
        ["sum"] = NumberFilters.Sum,
        ["title"] = TextFilters.Change(TextFilters.Title),
        ["tojson"] = TextFilters.ToJson,
        ["trim"] = TextFilters.Trim,
        ["unique"] = OrderFilters.Unique,
        ["upper"] = TextFilters.Change(PyText.Upper),
    };

    /// <summary>A filter: its input is what stands before the bar.</summary>
    internal delegate object Filter(RenderState state, object input, CallArguments arguments);

    public static bool Exists(string name) => s_filters.ContainsKey(name);

    public static object Apply(RenderState state, string name, object input, CallArguments arguments) =>
        s_filters.TryGetValue(name, out Filter? filter)
            ? filter(state, input, arguments)
            : throw new RenderError($"No filter named '{name}'.");

    private static object Default(RenderState state, object input, CallArguments arguments)
    {
        object?[] values = arguments.Bind("default", 0, "default_value", "boolean");
        bool replacesFalse = values[1] is not null && PyOrder.IsTrue(values[1]!);
        return input is Undefined || (replacesFalse && !PyOrder.IsTrue(input)) ? values[0] ?? "" : input;
    }
}
