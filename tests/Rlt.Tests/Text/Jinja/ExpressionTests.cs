namespace Rlt.Tests.Text.Jinja;

/// <summary>Literals, operators, comparison, membership, items and slices. Expected texts are those of Python's Jinja2 3.1.6 in transformers' environment.</summary>
public sealed class ExpressionTests
{
    [Theory]
    [InlineData("{{ 1 + 2 * 3 }}|{{ (1 + 2) * 3 }}|{{ 7 / 2 }}|{{ 6 / 2 }}|{{ 7 // 2 }}|{{ -7 // 2 }}|{{ -7 % 3 }}|{{ 7 % -3 }}|{{ 7.5 // 2 }}|{{ -7.5 % 2 }}", "7|9|3.5|3.0|3|-4|2|-2|3.0|0.5")]
    [InlineData("{{ 2 ** 10 }}|{{ 2 ** 3 ** 2 }}|{{ -3 ** 2 }}|{{ 2 ** -1 }}|{{ 2 ** 70 }}", "1024|64|9|0.5|1180591620717411303424")]
    [InlineData("{{ 1_000 }}|{{ 0x1f }}|{{ 0b11 }}|{{ 0o17 }}|{{ 1e3 }}|{{ 1.5e-7 }}|{{ 1_0.5 }}", "1000|31|3|15|1000.0|1.5e-07|10.5")]
    [InlineData("{{ true }}{{ True }}{{ false }}{{ none }}{{ None }}", "TrueTrueFalseNoneNone")]
    [InlineData("{{ true + true }}|{{ 'ab' * 2 }}|{{ 2 * [1] }}|{{ [1] + [2] }}|{{ (1,) + (2,) }}", "2|abab|[1, 1]|[1, 2]|(1, 2)")]
    [InlineData("{{ 'a' 'b' \"c\" }}|{{ 'a' ~ 1 ~ none ~ 2.0 }}|{{ (1 ~ 2) ~ 3 * 2 }}", "abc|a1None2.0|126")]
    [InlineData("{{ 1 < 2 < 3 }}|{{ 1 < 3 < 2 }}|{{ 1 == 1.0 == true }}|{{ 'a' < 'b' }}|{{ [1, 2] < [1, 3] }}", "True|False|True|True|True")]
    [InlineData("{{ 3 in items }}|{{ 3 not in items }}|{{ 'd' in 'Ada' }}|{{ 'a' in d }}|{{ 2 in range(3) }}|{{ not 1 in [1] }}", "True|False|True|True|True|False")]
    [InlineData("{{ none == false }}|{{ [1, 2] == (1, 2) }}|{{ {'a': 1} == {'a': 1.0} }}|{{ 'a' != 'b' }}", "False|False|True|True")]
    [InlineData("{{ 0 or 'x' }}|{{ 1 and 'y' }}|{{ not '' }}|{{ '' and 1 }}", "x|y|True|")]
    [InlineData("{{ 'a' if n > 5 else 'b' }}|{{ 'a' if n > 9 }}|{{ 1 if 0 else 2 if 0 else 3 }}", "a||3")]
    [InlineData("{{ items[0] }}|{{ items[-1] }}|{{ items.1 }}|{{ name[0] }}|{{ d['a'] }}|{{ d.a }}|{{ users.0.name }}|{{ emoji[1] }}", "3|2|1|A|1|1|Bo|🤗")]
    [InlineData("{{ items[1:] }}|{{ items[:-1] }}|{{ items[::-1] }}|{{ name[::2] }}|{{ name[-2:] }}|{{ (1, 2, 3)[1:] }}|{{ emoji[1:] }}|{{ range(9)[2:8:3] }}", "[1, 2]|[3, 1]|[2, 1, 3]|Aa|da|(2, 3)|🤗b|range(2, 8, 3)")]
    [InlineData("{{ [1, 'a', none, true, 2.0, {'k': (1,)}] }}|{{ () }}|{{ (1,) }}|{{ 1, 2 }}|{{ {} }}", "[1, 'a', None, True, 2.0, {'k': (1,)}]|()|(1,)|(1, 2)|{}")]
    [InlineData("{{ {1: 'a', 1.0: 'b', true: 'c'} }}|{{ {'x': 1, 'x': 2} }}|{{ {(1, 2): 3}[(1, 2)] }}", "{1: 'c'}|{'x': 2}|3")]
    [InlineData("{{ '\\n\\t\\\\\\'\\x41\\u00e9\\101\\q' }}|{{ '\\U0001F917' }}", "\n\t\\'AéA\\q|🤗")]
    [InlineData("{{ -n|abs }}|{{ -(items|length) }}|{{ items|length + 1 }}|{{ 1|string + 'a' }}|{{ 'a' ~ 'b'|upper }}", "7|-3|4|1a|aB")]
    [InlineData("{{ if }}{% set if = 3 %}{{ if }}", "3")]
    [InlineData("{{ name.upper()[::-1].lower() }}|{{ [name.lower][0]() }}", "ada|ada")]
    [InlineData("{{ d.items() }}|{{ d.keys() }}|{{ d.values()|list }}|{{ d.get('z') }}|{{ d.get('z', 5) }}", "dict_items([('b', 2), ('a', 1)])|dict_keys(['b', 'a'])|[2, 1]|None|5")]
    [InlineData("{{ {'items': 1}.items is callable }}|{{ {'items': 1}['items'] }}|{{ {'get': 2}['get'] }}", "True|1|2")]
    [InlineData("{{ items.index(1) }}|{{ items.count(3) }}|{{ (1, 1).count(1) }}", "1|1|2")]
    public void Render_Expression_IsAsInPython(string template, string expected) =>
        Assert.Equal(expected, Rendering.Of(template));

    [Theory]
    [InlineData("{{ 1 + 'a' }}")]
    [InlineData("{{ 'a' + 1 }}")]
    [InlineData("{{ [1] + (2,) }}")]
    [InlineData("{{ 1 < 'a' }}")]
    [InlineData("{{ none < 1 }}")]
    [InlineData("{{ 1 / 0 }}")]
    [InlineData("{{ 1 // 0 }}")]
    [InlineData("{{ 1 in 5 }}")]
    [InlineData("{{ 1 in 'a' }}")]
    [InlineData("{{ {[1]: 2} }}")]
    [InlineData("{{ items[::0] }}")]
    [InlineData("{{ n() }}")]
    [InlineData("{{ d.get() }}")]
    [InlineData("{{ name.split(x=1) }}")]
    [InlineData("{{ ''.split('') }}")]
    [InlineData("{{ items|length(1) }}")]
    [InlineData("{{ items|map('string')|length }}")]
    [InlineData("{{ range(100001) }}")]
    [InlineData("{{ d.update({}) }}")]
    [InlineData("{{ items.append(1) }}")]
    [InlineData("{{ name.__class__() }}")]
    [InlineData("{{ [nope]|tojson }}")]
    [InlineData("{{ range|tojson }}")]
    [InlineData("{% set d.x = 1 %}")]
    [InlineData("{% set a, b = [1] %}")]
    [InlineData("{% for a, b in [(1, 2, 3)] %}{% endfor %}")]
    [InlineData("{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}")]
    [InlineData("{% macro m(a) %}{% endmacro %}{{ m(b=1) }}")]
    [InlineData("{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}")]
    [InlineData("{{ loop(1) }}")]
    [InlineData("{% for x in items %}{{ loop(items) }}{% endfor %}")]
    [InlineData("{% if true %}{{ 1|nosuch }}{% endif %}")]
    [InlineData("{{ [3, 'a']|sort }}")]
    [InlineData("{{ ['a']|sum }}")]
    [InlineData("{% call name.upper() %}{% endcall %}")]
    [InlineData("{{ name.upper(1) }}")]
    public void Render_WhatPythonRefuses_IsADataError(string template)
    {
        var error = Assert.Throws<DataException>(() => Rendering.Of(template));

        Assert.StartsWith("test:1: ", error.Message, StringComparison.Ordinal);
    }
}
