using Rlt.Text.Jinja;

namespace Rlt.Tests.Text.Jinja;

/// <summary>Templates that cannot be parsed: the message has the name, the line, what was found and what was expected.</summary>
public sealed class SyntaxErrorTests
{
    [Theory]
    [InlineData("{{ x", 1, "found the end of the template, expected '}}'")]
    [InlineData("a\n\n{{ 1 + }}", 3, "found '}}', expected an expression")]
    [InlineData("{{ }}", 1, "found '}}', expected an expression")]
    [InlineData("{{ a b }}", 1, "found 'b', expected '}}'")]
    [InlineData("{{ (1 }}", 1, "found '}', expected ')'")]
    [InlineData("{{ 1) }}", 1, "')' closes nothing")]
    [InlineData("{{ 'a }}", 1, "its closing ' was expected, but the template ends")]
    [InlineData("{{ $x }}", 1, "unexpected character '$'")]
    [InlineData("{# x", 1, "'#}' was expected, but the template ends")]
    [InlineData("{% raw %}x", 1, "'{% endraw %}' was expected, but the template ends")]
    [InlineData("{% if x %}\na", 2, "found the end of the template, expected '{% elif %}' or '{% else %}' or '{% endif %}'")]
    [InlineData("{% for x in y %}{% endif %}", 1, "found tag 'endif', expected '{% endfor %}' or '{% else %}' or a known tag")]
    [InlineData("{% endif %}", 1, "found tag 'endif', expected a known tag")]
    [InlineData("{% do x %}", 1, "found tag 'do', expected a known tag")]
    [InlineData("{% include 'x' %}", 1, "'include' needs another template file")]
    [InlineData("{% import 'x' as y %}", 1, "'import' needs another template file")]
    [InlineData("{% extends 'x' %}", 1, "'extends' needs another template file")]
    [InlineData("{% autoescape true %}{% endautoescape %}", 1, "'autoescape' is not supported")]
    [InlineData("{% set 1 = 2 %}", 1, "found '1', expected a name")]
    [InlineData("{% set none = 2 %}", 1, "'none' cannot be assigned to")]
    [InlineData("{% for loop in x %}{% endfor %}", 1, "'loop' cannot be a loop's variable")]
    [InlineData("{% for x of y %}{% endfor %}", 1, "found 'of', expected 'in'")]
    [InlineData("{% break %}", 1, "'break' stands outside a loop")]
    [InlineData("{% for x in y %}{% macro m() %}{% continue %}{% endmacro %}{% endfor %}", 1, "'continue' stands outside a loop")]
    [InlineData("{% macro m(a=1, b) %}{% endmacro %}", 1, "parameter 'b' has no default but follows one that has")]
    [InlineData("{{ f(a=1, 2) }}", 1, "arguments of a call are out of order")]
    [InlineData("{% call x %}{% endcall %}", 1, "a call block needs a call")]
    [InlineData("{{ x|nosuch }}", 1, "there is no filter 'nosuch'")]
    [InlineData("{{ x is nosuch }}", 1, "there is no test 'nosuch'")]
    [InlineData("{{ x is odd is even }}", 1, "tests cannot be chained")]
    [InlineData("{{ x. }}", 1, "found '}}' behind '.', expected a name or an index")]
    [InlineData("{{ '\\xZZ' }}", 1, "the escape '\\x' needs 2 hexadecimal digits")]
    [InlineData("{% %}", 1, "found '%}', expected the name of a tag")]
    [InlineData("{{ x[1 2] }}", 1, "found '2', expected ']' or ':'")]
    public void Parse_BadTemplate_SaysWhereAndWhatWasExpected(string template, int line, string problem)
    {
        var error = Assert.Throws<CheckpointException>(() => JinjaTemplate.Parse(template, "model/chat_template"));

        Assert.StartsWith($"model/chat_template:{line}: template syntax: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% if false %}{{ x|nosuch }}{{ x is nosuch }}{% endif %}ok")]
    [InlineData("{{ 'ok' if true else x|nosuch }}")]
    public void Parse_UnknownFilterBehindACondition_IsAnErrorOnlyWhereReached(string template) =>
        Assert.Equal("ok", Rendering.Of(template));

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("{1:", "}")]
    [InlineData("f(", ")")]
    [InlineData("not ", "")]
    [InlineData("-", "")]
    public void Parse_DeepNesting_IsRefused(string opening, string closing)
    {
        string Repeat(string text) => string.Concat(Enumerable.Repeat(text, 10_000));
        string template = $"{{{{ {Repeat(opening)}1{Repeat(closing)} }}}}";

        var error = Assert.Throws<CheckpointException>(() => JinjaTemplate.Parse(template, "deep"));

        Assert.Contains("nested more than", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% if x %}")]
    [InlineData("{% for x in y %}")]
    public void Parse_DeepBlocks_AreRefused(string opening)
    {
        string template = string.Concat(Enumerable.Repeat(opening, 10_000));

        var error = Assert.Throws<CheckpointException>(() => JinjaTemplate.Parse(template, "deep"));

        Assert.Contains("blocks are nested more than 100 deep", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_DeepParenthesesOfATarget_AreRefused()
    {
        string template = "{% set " + new string('(', 1_000_000) + "a = 1 %}";

        Assert.Throws<CheckpointException>(() => JinjaTemplate.Parse(template, "deep"));
    }
}
