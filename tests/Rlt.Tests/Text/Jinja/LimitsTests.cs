using Rlt.Text.Jinja;

namespace Rlt.Tests.Text.Jinja;

/// <summary>No template can run for ever, use up the stack or fill the memory.</summary>
public sealed class LimitsTests
{
    [Theory]
    [InlineData("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}")]
    [InlineData("{% for a in range(100000) %}{% set x = range(100000)|list %}{% endfor %}")]
    [InlineData("{% for a in range(100000) %}{{ range(100000)|sum }}{% endfor %}")]
    [InlineData("{% for a in range(100000) %}{% set x = 'y' * 1000000 %}{% endfor %}")]
    [InlineData("{% set x = [0] * 1000000000 %}")]
    public void Render_EndlessWork_IsStopped(string template)
    {
        var error = Assert.Throws<DataException>(() => Rendering.Of(template, new JinjaLimits { MaxSteps = 1_000_000 }));

        Assert.Contains("the template takes more than 1000000 steps", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ 'x' * 100000000000 }}")]
    [InlineData("{% set ns = namespace(s='x') %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='x') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='xx') %}{% for i in range(100) %}{% set ns.s = ns.s.replace('x', ns.s) %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='xx') %}{% for i in range(100) %}{% set ns.s = ns.s.join(ns.s) %}{% endfor %}")]
    [InlineData("{% for i in range(100000) %}{{ 'x' * 1000 }}{% endfor %}")]
    public void Render_EndlessText_IsStopped(string template)
    {
        var error = Assert.Throws<DataException>(() => Rendering.Of(template, new JinjaLimits { MaxCharacters = 1_000_000 }));

        Assert.Contains("is too long; expected at most 1000000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_MacroWithoutEnd_IsStopped()
    {
        var error = Assert.Throws<DataException>(() => Rendering.Of("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"));

        Assert.Contains("more than 100 deep", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_RecursiveLoopWithoutEnd_IsStopped()
    {
        var error = Assert.Throws<DataException>(() => Rendering.Of("{% for x in items recursive %}{{ loop(items) }}{% endfor %}"));

        Assert.Contains("more than 100 deep", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% set ns = namespace(x=[]) %}{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}")]
    [InlineData("{% set ns = namespace(x=[]) %}{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x|tojson }}")]
    [InlineData("{% set ns = namespace(x=[], y=[]) %}{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% set ns.y = [ns.y] %}{% endfor %}{{ ns.x == ns.y }}")]
    [InlineData("{% set ns = namespace() %}{% set ns.self = [ns] %}{{ ns }}")]
    public void Render_ValuesNestedWithoutEnd_AreRefused(string template)
    {
        var error = Assert.Throws<DataException>(() => Rendering.Of(template));

        Assert.Contains("nested too deep", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_LongChainOfOperators_IsRefusedNotACrash()
    {
        string template = "{{ " + string.Join(" + ", Enumerable.Repeat("1", 200_000)) + " }}";

        var error = Assert.Throws<DataException>(() => Rendering.Of(template));

        Assert.Contains("expressions are nested too deep", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ 10 ** 100000 }}")]
    [InlineData("{{ 2 ** (2 ** 64) }}")]
    [InlineData("{% set ns = namespace(n=3) %}{% for i in range(100) %}{% set ns.n = ns.n * ns.n %}{% endfor %}")]
    public void Render_IntsWithoutEnd_AreRefused(string template)
    {
        var error = Assert.Throws<DataException>(() => Rendering.Of(template));

        Assert.Contains("is too large; expected at most", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_LongConversation_StaysWithinTheDefaultLimits()
    {
        string template = "{% for i in range(10000) %}{% for m in messages %}{{ m.role + ': ' + m.content|trim }}\n{% endfor %}{% endfor %}";

        Assert.Equal(10_000 * ("user: Hi\n".Length + "assistant: Yo\n".Length), Rendering.Of(template).Length);
    }
}
