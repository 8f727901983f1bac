namespace Rlt.Tests.Text.Jinja;

/// <summary>Loops, the loop variable and loop controls. Expected texts are those of Python's Jinja2 3.1.6 in transformers' environment.</summary>
public sealed class LoopTests
{
    [Theory]
    [InlineData("{% for x in items %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.depth0 }};{% endfor %}", "1032TrueFalse310;2121FalseFalse310;3210FalseTrue310;")]
    [InlineData("{% for x in items %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {{ loop.cycle('odd', 'even') }} {{ loop.changed(x > 1) }};{% endfor %}", "<3>1 odd True;3<1>2 even True;1<2> odd True;")]
    [InlineData("{% for x in items if x > 1 %}{{ loop.index }}/{{ loop.length }}={{ x }} {% endfor %}", "1/2=3 2/2=2 ")]
    [InlineData("{% for x in [] %}a{% else %}empty{% endfor %}|{% for x in items if x > 9 %}a{% else %}none{% endfor %}", "empty|none")]
    [InlineData("{% for x in items %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}|{% for x in items %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endfor %}", "32|3")]
    [InlineData("{% for x in items %}{% set y %}{{ x }}{% continue %}{% endset %}{{ y }}{% endfor %}", "")]
    [InlineData("{% for x in items %}{% continue %}{% else %}ran{% endfor %}|{% for x in items %}{% break %}{% else %}ran{% endfor %}|{% for x in items %}{% if loop.last %}{% break %}{% endif %}{% else %}ran{% endfor %}", "ran|ran|")]
    [InlineData("{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}|{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}|{% for k in d %}{{ k }}{% endfor %}|{% for c in emoji %}[{{ c }}]{% endfor %}", "b=2;a=1;|123|ba|[a][🤗][b]")]
    [InlineData("{% for node in [{'v': 1, 'c': [{'v': 2, 'c': []}, {'v': 3, 'c': [{'v': 4, 'c': []}]}]}] recursive %}<{{ node.v }}@{{ loop.depth }}{{ loop(node.c) }}>{% endfor %}", "<1@1<2@2><3@2<4@3>>>")]
    [InlineData("{% for x in items %}{% for y in 'ab' %}{{ loop.index }}{% endfor %}{{ loop.index }} {% endfor %}", "121 122 123 ")]
    [InlineData("{% for x in items|map('string') %}{{ loop.length }}{{ x }}{% endfor %}", "333132")]
    [InlineData("{% for x in 1, 2 %}{{ x }}{% endfor %}|{% for x in range(5, 0, -2) %}{{ x }}{% endfor %}|{% for x in nope %}a{% else %}b{% endfor %}", "12|531|b")]
    [InlineData("{% set m = items|map('string') %}{{ m|join }}|{{ m|join }}|{{ 'T' if items|select('gt', 9) else 'F' }}", "312||T")]
    [InlineData("{% for m in messages[::-1] %}{{ loop.revindex0 }}{{ m.role }} {% endfor %}", "1assistant 0user ")]
    [InlineData("{% for x in items %}{{ ', ' if not loop.first }}{{ x }}{% endfor %}", "3, 1, 2")]
    public void Render_Loop_IsAsInPython(string template, string expected) =>
        Assert.Equal(expected, Rendering.Of(template));
}
