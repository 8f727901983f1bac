using System.Text;
using System.Text.Json.Nodes;
using Rlt.Text.Jinja;

namespace Rlt.Tests.Text.Jinja;

public sealed class JinjaGoldenTests
{
    /// <summary>Cases whose expected text is JavaScript's, not Python's, with what Python's Jinja2 3.1.6 gives;
    /// null where Python fails (adding an int to a str, the length of a generator).</summary>
    private static readonly Dictionary<string, string?> s_pythonDiffers = new()
    {
        ["FOR_LOOP_UNPACKING"] = null,
        ["PROPERTIES_1"] = "|[['zero-zero-zero', 'zero-zero-one'], ['zero-one-zero', 'zero-one-one']]|['zero-one-zero', 'zero-one-one']|zero-one-one|mixed-indexing|",
        ["MEMBERSHIP_NEGATION_2"] = "|False|False|False|False|False|True|",
        ["BOOLEAN_STRINGS"] = "|b||||a|a|a||False|True|",
        ["OBJECT_OPERATORS_2"] = null,
        ["MEMBERSHIP"] = "|True|True|True|True|True|False|",
        ["LOGICAL_NOT_NOT"] = "TrueFalse",
        ["MEMBERSHIP_NEGATION_1"] = "|False|False|False|False|False|True|",
        ["NAMESPACE_2"] = "|False|2|",
        ["BOOLEAN_LITERALS"] = "|True|False|True|False|",
        ["MACROS_2"] = null,
        ["SCOPE_1"] = "found=False",
        ["IS_OPERATOR_6"] = "|False|False|False|True|",
        ["SORT_MIXED_BOOL_NUM"] = "[0, False, 0.5, True, 1]",
        ["BINOP_EXPR_1"] = "1+2=3 is True",
        ["IS_OPERATOR"] = "|False|True|True|False|",
        ["SCOPE"] = "found=True",
        ["BINOP_EXPR"] = "1TrueFalseFalseTrueTrueTrue5",
        ["IS_OPERATOR_2"] = "|True|False|False|True|True|False|",
        ["SORT_POSITIONAL_ALL"] = "['Alice', 'Bob', 'Charlie']",
        ["SORT_CASE_INSENSITIVE"] = "['Apple', 'banana', 'cherry']",
        ["LOGICAL_AND"] = "TrueFalseFalseFalse",
        ["LOGICAL_OR"] = "TrueTrueTrueFalse",
        ["FILTER_OPERATOR_4"] = null,
        ["BOOLEAN_MIXED"] = "|1|0|False|False|True|True|1|0|",
        ["NAMESPACE_1"] = "False",
        ["SORT_ATTRIBUTE_SIMPLE"] = "['Alice', 'Bob', 'Charlie']",
        ["SORT_CHAINED"] = "['Bob', 'Alice', 'Charlie', 'David']",
        ["SORT_UNDEFINED_VALUES"] = "[Undefined, Undefined, Undefined]",
        ["LOGICAL_NOT"] = "FalseTrue",
        ["FILTER_OPERATOR_6"] = null,
        ["MEMBERSHIP_UNDEFINED"] = "|False|False|False|False|False|False|",
        ["OBJECT_OPERATORS_1"] = "|True|True|True|",
        ["FILTER_OPERATOR_11"] = null,
        ["IS_OPERATOR_3"] = "|True|False|False|True|True|False|True|False|",
        ["LOGICAL_COMBINED"] = "FalseTrue",
        ["SHORT_CIRCUIT"] = "False",
    };

    [GoldenFact("jinja/basic.jsonl")]
    public void Render_BasicSuite_GivesWhatPythonGives()
    {
        var failures = new StringBuilder();
        foreach (JsonObject test in Golden.Lines(Golden.Find("jinja/basic.jsonl")))
        {
            string name = test["name"]!.GetValue<string>();
            string? expected = s_pythonDiffers.TryGetValue(name, out string? python) ? python : test["expected"]!.GetValue<string>();
            string? actual = TryRender(test, out string error);
            if (actual != expected)
            {
                failures.AppendLine($"{name}: expected {expected ?? "an error"}\n  got {actual ?? error}");
            }
        }

        Assert.Equal("", failures.ToString());
    }

    private static string? TryRender(JsonObject test, out string error)
    {
        error = "";
        try
        {
            return JinjaTemplate.Parse(test["template"]!.GetValue<string>(), "test").Render(test["context"]!.AsObject());
        }
        catch (RltException exception)
        {
            error = exception.Message;
            return null;
        }
    }
}
