namespace Rlt.Tests.Text.Jinja;

/// <summary>Assignments, namespaces, blocks, macros and what they see. Expected texts are those of Python's Jinja2 3.1.6 in transformers' environment.</summary>
public sealed class ScopeTests
{
    [Theory]
    [InlineData("{% set x = 1 %}{% for i in items %}{% set x = i %}{% endfor %}{{ x }}", "1")]
    [InlineData("{% set x = 0 %}{% for i in items %}{{ x }}{% set x = i %}{{ x }} {% endfor %}", "03 01 02 ")]
    [InlineData("{% set ns = namespace(total=0, all=[]) %}{% for i in items %}{% set ns.total = ns.total + i %}{% set ns.all = ns.all + [i] %}{% endfor %}{{ ns.total }} {{ ns.all }} {{ ns.missing }}", "6 [3, 1, 2] ")]
    [InlineData("{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns['b'] }} {{ ns }}", "12 <Namespace {'a': 1, 'b': 2}>")]
    [InlineData("{% if true %}{% set x = 1 %}{% endif %}{{ x }}", "1")]
    [InlineData("{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set (c, d2) = 'xy' %}{{ c }}{{ d2 }}{% set ns = namespace() %}{% set ns.q, r = 3, 4 %}{{ ns.q }}{{ r }}", "12xy34")]
    [InlineData("{% set x %}a{{ 1 }}{% set y = 2 %}{% endset %}{{ x }}|{{ y }}|{% set z | upper | trim %} q {% endset %}{{ z }}", "a1||Q")]
    [InlineData("{% macro m(a, b=2, c=a) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}|{{ m(1, 3) }}|{{ m(b=5, a=4) }}|{{ m(1, c=9) }}|{{ m() }}", "121|131|454|129|2")]
    [InlineData("{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}|{{ m(*[4], **{'y': 5}) }}", "(1, 2){'x': 3}|(4,){'y': 5}")]
    [InlineData("{% macro box(title) %}[{{ title }}: {{ caller() }}]{% endmacro %}{% call box('t') %}in {{ name }}{% endcall %}", "[t: in Ada]")]
    [InlineData("{% macro each(xs) %}{% for x in xs %}{{ caller(x, loop.index) }}{% endfor %}{% endmacro %}{% call(v, i, s=';') each(items) %}{{ i }}={{ v }}{{ s }}{% endcall %}", "1=3;2=1;3=2;")]
    [InlineData("{% set g = 1 %}{% macro m() %}{{ g }}{% set g = 5 %}{% endmacro %}{{ m() }}{% set g = 2 %}{{ m() }}{{ g }}", "122")]
    [InlineData("{% macro down(x) %}{{ x }}{% if x > 0 %}{{ down(x - 1) }}{% endif %}{% endmacro %}{{ down(3) }}", "3210")]
    [InlineData("{% for x in items %}{% macro m() %}{{ x }}{{ loop.index }}{% endmacro %}{{ m() }} {% endfor %}", "31 12 23 ")]
    [InlineData("{% generation %}{{ name }}{% set hidden = 1 %}{% endgeneration %}{{ hidden }}", "Ada")]
    [InlineData("{{ dict(a=1, **{'b': 2}) }}|{{ dict([('x', 1)]) }}|{{ range(3) }}|{{ range(1, 4)|list }}", "{'a': 1, 'b': 2}|{'x': 1}|range(0, 3)|[1, 2, 3]")]
    [InlineData("{% set d = d %}{% for a in [1] %}{% if a %}{% set n = 9 %}{% endif %}{{ n }}{% endfor %}{{ n }}", "97")]
    public void Render_Scope_IsAsInPython(string template, string expected) =>
        Assert.Equal(expected, Rendering.Of(template));
}
