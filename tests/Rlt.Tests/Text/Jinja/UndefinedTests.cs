namespace Rlt.Tests.Text.Jinja;

/// <summary>What is missing prints nothing and is empty; other uses are errors. Expected texts are those of Python's Jinja2 3.1.6 in transformers' environment.</summary>
public sealed class UndefinedTests
{
    [Theory]
    [InlineData("{{ nope }}|{{ d.nope }}|{{ d['nope'] }}|{{ items[9] }}|{{ none_value.x }}|{{ n.x }}", "|||||")]
    [InlineData("{{ nope|length }}|{{ nope|list }}|{{ nope|join }}|{{ nope|upper }}|{{ nope|first is defined }}|{{ nope|items|list }}", "0|[]|||False|[]")]
    [InlineData("{{ nope == other }}|{{ nope == none }}|{{ nope in [other] }}|{{ 1 in nope }}|{{ not nope }}|{{ nope or 'x' }}", "True|False|True|False|True|x")]
    [InlineData("{{ [nope] }}|{{ 'a' ~ nope ~ 'b' }}|{{ nope|default('d') }}|{{ d.nope|default({})|length }}", "[Undefined]|ab|d|0")]
    [InlineData("{{ name.__class__ }}|{{ d.__class__ }}|{{ items.append }}|{{ d._private }}", "|||")]
    public void Render_Undefined_IsAsInPython(string template, string expected) =>
        Assert.Equal(expected, Rendering.Of(template));

    [Theory]
    [InlineData("{{ nope.x }}")]
    [InlineData("{{ nope['x'] }}")]
    [InlineData("{{ nope() }}")]
    [InlineData("{{ nope + 1 }}")]
    [InlineData("{{ 'a' + nope }}")]
    [InlineData("{{ nope < 1 }}")]
    [InlineData("{{ -nope }}")]
    [InlineData("{{ nope[1:] }}")]
    [InlineData("{{ d.nope.x }}")]
    [InlineData("{{ nope|tojson }}")]
    [InlineData("{{ nope|int }}")]
    [InlineData("{{ none_value.x.y }}")]
    [InlineData("{{ items[9].x }}")]
    public void Render_WhatPythonRefuses_IsADataError(string template)
    {
        var error = Assert.Throws<DataException>(() => Rendering.Of(template));

        Assert.StartsWith("test:1: ", error.Message, StringComparison.Ordinal);
    }
}
