namespace Rlt.Tests.Text.Jinja;

/// <summary>Filters and tests. Expected texts are those of Python's Jinja2 3.1.6 in transformers' environment.</summary>
public sealed class FilterTests
{
    [Theory]
    [InlineData("{{ -3|abs }}|{{ 'aB'|capitalize }}|{{ undefined_name|default('d') }}|{{ ''|default('d', true) }}|{{ none|default('d') }}", "3|Ab|d|d|None")]
    [InlineData("{{ {'b': 1, 'A': 2}|dictsort }}|{{ {'b': 1, 'A': 2}|dictsort(true) }}|{{ {'b': 1, 'A': 2}|dictsort(by='value', reverse=true) }}", "[('A', 2), ('b', 1)]|[('A', 2), ('b', 1)]|[('A', 2), ('b', 1)]")]
    [InlineData("{{ items|first }}|{{ items|last }}|{{ items|length }}|{{ items|sum }}|{{ items|max }}|{{ items|min }}|{{ []|first }}|{{ d|list }}|{{ 'ab'|list }}", "3|2|3|6|3|1||['b', 'a']|['a', 'b']")]
    [InlineData("{{ users|map(attribute='name')|join(', ') }}|{{ users|map(attribute='zz', default='-')|list }}|{{ ['a', 'b']|map('upper')|list }}|{{ users|join('+', attribute='age') }}", "Bo, al, Cy|['-', '-', '-']|['A', 'B']|30+25+30")]
    [InlineData("{{ users|selectattr('age', 'gt', 26)|map(attribute='name')|list }}|{{ users|rejectattr('age', 'eq', 30)|list }}|{{ items|select('odd')|list }}|{{ items|reject('odd')|list }}|{{ [0, 1, '']|select|list }}|{{ none|select|list }}", "['Bo', 'Cy']|[{'name': 'al', 'age': 25}]|[3, 1]|[2]|[1]|[]")]
    [InlineData("{{ users|sort(attribute='name')|map(attribute='name')|list }}|{{ users|sort(attribute='age,name')|map(attribute='name')|list }}|{{ users|sort(reverse=true, attribute='age')|map(attribute='name')|list }}|{{ ['b', 'A', 'c']|sort }}|{{ ['b', 'A']|sort(case_sensitive=true) }}", "['al', 'Bo', 'Cy']|['al', 'Bo', 'Cy']|['Bo', 'Cy', 'al']|['A', 'b', 'c']|['A', 'b']")]
    [InlineData("{{ ['a', 'A', 'b']|unique|list }}|{{ users|unique(attribute='age')|map(attribute='name')|list }}", "['a', 'b']|['Bo', 'al']")]
    [InlineData("{{ items|reverse|list }}|{{ d|items|list }}", "[2, 1, 3]|[('b', 2), ('a', 1)]")]
    [InlineData("{{ 2.5|round }}|{{ 3.5|round }}|{{ 42.55|round(1) }}|{{ 42.55|round(1, 'floor') }}|{{ 42.1|round(0, 'ceil') }}|{{ 2.675|round(2) }}|{{ 1250|round(-2) }}|{{ 7|round(2) }}", "2.0|4.0|42.5|42.5|43.0|2.67|1200|7")]
    [InlineData("{{ '42'|int }}|{{ '4.9'|int }}|{{ 'x'|int(-1) }}|{{ '0x1f'|int(0, 16) }}|{{ 3.9|int }}|{{ none|int }}|{{ '1e2'|float }}|{{ 'x'|float(1.5) }}|{{ true|float }}", "42|4|-1|31|3|0|100.0|1.5|1.0")]
    [InlineData("{{ 'a\\nb\\n\\nc'|indent(2) }}|{{ 'a\\nb'|indent(2, true) }}|{{ 'a\\n\\nb'|indent('>', blank=true) }}", "a\n  b\n\n  c|  a\n  b|a\n>\n>b")]
    [InlineData("{{ ' a '|trim }}|{{ 'xax'|trim('x') }}|{{ 'aa'|replace('a', 'b', 1) }}|{{ 5|string|length }}", "a|a|ba|1")]
    [InlineData("{{ d|tojson }}|{{ [1.0, none, true, 'é\"\\n', {}]|tojson }}|{{ 'é🤗'|tojson(ensure_ascii=true) }}|{{ d|tojson(sort_keys=true, separators=(',', ':')) }}|{{ {1: 2, none: 3}|tojson }}|{{ (1, 2)|tojson }}|{{ '</x> & \\''|tojson }}", "{\"b\": 2, \"a\": 1}|[1.0, null, true, \"é\\\"\\n\", {}]|\"\\u00e9\\ud83e\\udd17\"|{\"a\":1,\"b\":2}|{\"1\": 2, \"null\": 3}|[1, 2]|\"</x> & '\"")]
    [InlineData("{{ {'a': [1, {}], 'b': {'c': []}}|tojson(indent=2) }}", "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {\n    \"c\": []\n  }\n}")]
    [InlineData("{{ '<b>'|e }}|{{ '<b>'|e|e }}|{{ '<b>'|safe|e }}|{{ '<b>'|safe + '<' }}|{{ '<' + 'x'|safe }}|{{ ['<'|e] }}", "&lt;b&gt;|&lt;b&gt;|<b>|<b>&lt;|&lt;x|[Markup('&lt;')]")]
    [InlineData("{{ n is odd }}|{{ n is even }}|{{ n is divisibleby 7 }}|{{ n is divisibleby(2) }}|{{ n is number }}|{{ n is integer }}|{{ 1.0 is float }}|{{ true is integer }}|{{ true is boolean }}|{{ name is string }}|{{ d is mapping }}|{{ items is sequence }}|{{ items is iterable }}|{{ n is iterable }}", "True|False|True|False|True|True|True|False|True|True|True|True|True|False")]
    [InlineData("{{ nope is defined }}|{{ nope is undefined }}|{{ none_value is none }}|{{ none_value is defined }}|{{ name is lower }}|{{ 'ADA' is upper }}|{{ 1 is in [1] }}|{{ 1 is not in [1] }}|{{ n is eq 7 }}|{{ n is gt 3 }}|{{ n is lessthan 3 }}|{{ none is sameas none }}|{{ 1 is sameas true }}|{{ 'upper' is filter }}|{{ 'odd' is test }}|{{ range is callable }}", "False|True|True|True|False|True|True|False|True|True|False|True|False|True|True|True")]
    [InlineData("{{ n is not odd }}|{{ n is odd and n is number }}|{{ n is odd or nope.x }}|{{ 'y' if n is odd else 'z' }}", "False|True|True|y")]
    public void Render_Filter_IsAsInPython(string template, string expected) =>
        Assert.Equal(expected, Rendering.Of(template));
}
