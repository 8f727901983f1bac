namespace Rlt.Tests.Text.Jinja;

/// <summary>Tags, whitespace control, comments and raw blocks. Expected texts are those of Python's Jinja2 3.1.6 in transformers' environment.</summary>
public sealed class WhitespaceTests
{
    [Theory]
    [InlineData("a\n  {% if true %}\n  b\n  {% endif %}\nc", "a\n  b\nc")]
    [InlineData("a {%- if true -%} b {%- endif -%} c", "abc")]
    [InlineData("  {%+ if true %}a{% endif %}\nb", "  ab")]
    [InlineData("{% if true +%}\na{% endif %}", "\na")]
    [InlineData("x {{- ' y ' -}} z", "x y z")]
    [InlineData("a {{+ 1 }} b", "a 1 b")]
    [InlineData("\n\nx\n", "\n\nx")]
    [InlineData("x\n\n", "x\n")]
    [InlineData("x\r\ny\rz", "x\ny\nz")]
    [InlineData("a {#- note -#} b", "ab")]
    [InlineData("a\n  {# note #}\nb", "a\nb")]
    [InlineData("{#-#}x{#--#}y", "xy")]
    [InlineData("{# {{ hidden }} {% if %} #}z", "z")]
    [InlineData("{% raw %}{{ x }}{% endraw %}", "{{ x }}")]
    [InlineData("a {%- raw -%} {% x %} {%- endraw -%} b", "a{% x %}b")]
    [InlineData("{% raw %}\n x\n  {% endraw %}\ny", "\n x\ny")]
    [InlineData("{{ '{{ x }}' }}", "{{ x }}")]
    [InlineData("{{ {'a':{'b':1}}}}", "{'a': {'b': 1}}")]
    [InlineData("{% if '%}' %}y{% endif %}", "y")]
    [InlineData("\u00a0 {%- if true %}x{% endif %}", "x")]
    [InlineData("{%if true%}x{%endif%}", "x")]
    [InlineData("{% for x in items %}\n  {{ x }}\n{% endfor %}\n", "  3\n  1\n  2\n")]
    [InlineData("{%- for x in items -%}\n  {{- x -}} ,\n{%- endfor -%}", "3,1,2,")]
    [InlineData("a  {% if true %}\nb{% endif %}", "a  b")]
    [InlineData("{{ 1 }}\n{{ 2 }}\n", "1\n2")]
    public void Render_Whitespace_IsAsInPython(string template, string expected) =>
        Assert.Equal(expected, Rendering.Of(template));
}
