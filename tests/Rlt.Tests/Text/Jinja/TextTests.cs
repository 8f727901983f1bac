namespace Rlt.Tests.Text.Jinja;

/// <summary>Texts: printing, formatting and methods, as Python has them. Expected texts are those of Python's Jinja2 3.1.6 in transformers' environment.</summary>
public sealed class TextTests
{
    [Theory]
    [InlineData("{{ 3.0 }}|{{ 1e16 }}|{{ 1e15 }}|{{ 0.0001 }}|{{ 0.00001 }}|{{ 1/3 }}|{{ 0.1 + 0.2 }}|{{ 1e300 * 10 }}|{{ -0.0 }}|{{ 5e-324 }}", "3.0|1e+16|1000000000000000.0|0.0001|1e-05|0.3333333333333333|0.30000000000000004|1e+301|-0.0|5e-324")]
    [InlineData("{{ ['it\\'s', 'say \"x\"', 'a\\n\\\\', '\\x00\\x7f\\x85', 'é🤗', 'both \\' and \"'] }}", "[\"it's\", 'say \"x\"', 'a\\n\\\\', '\\x00\\x7f\\x85', 'é🤗', 'both \\' and \"']")]
    [InlineData("{{ ' a b '.strip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'aab'.lstrip('a') }}|{{ 'baa'.rstrip('a') }}", "a b|a|b|b")]
    [InlineData("{{ 'a,b,c'.split(',') }}|{{ 'a,b,c'.split(',', 1) }}|{{ 'a,b,c'.rsplit(',', 1) }}|{{ ' a  b '.split() }}|{{ ' a  b c '.split(none, 1) }}|{{ ' a  b c '.rsplit(none, 1) }}|{{ 'ab'.split('x') }}", "['a', 'b', 'c']|['a', 'b,c']|['a,b', 'c']|['a', 'b']|['a', 'b c ']|[' a  b', 'c']|['ab']")]
    [InlineData("{{ 'a\\nb\\r\\nc\\x0bd\\n'.splitlines() }}|{{ 'a\\nb'.splitlines(true) }}|{{ 'a-b-c'.partition('-') }}|{{ 'a-b-c'.rpartition('-') }}", "['a', 'b', 'c', 'd']|['a\\n', 'b']|('a', '-', 'b-c')|('a-b', '-', 'c')")]
    [InlineData("{{ 'banana'.replace('an', 'x') }}|{{ 'banana'.replace('a', 'o', 2) }}|{{ 'ab'.replace('', '-') }}|{{ 'banana'.count('an') }}|{{ 'banana'.find('n', 3) }}|{{ 'banana'.rfind('a') }}|{{ 'abc'.find('z') }}", "bxxa|bonona|-a-b-|2|4|5|-1")]
    [InlineData("{{ 'abc'.startswith('ab') }}|{{ 'abc'.startswith(('x', 'a')) }}|{{ 'abc'.endswith('bc', 1) }}|{{ 'abc'.removeprefix('a') }}|{{ 'abc'.removesuffix('c') }}", "True|True|True|bc|ab")]
    [InlineData("{{ 'hello wORLD'.title() }}|{{ 'hello'.capitalize() }}|{{ 'straße'.upper() }}|{{ 'ÀÉ'.lower() }}|{{ \"they're\".title() }}|{{ \"they're\"|title }}", "Hello World|Hello|STRASSE|àé|They'Re|They're")]
    [InlineData("{{ ', '.join(['a', 'b']) }}", "a, b")]
    [InlineData("{{ '12'.isdigit() }}|{{ 'a1'.isalnum() }}|{{ 'ab'.isalpha() }}|{{ ' '.isspace() }}|{{ 'ab'.islower() }}|{{ 'AB'.isupper() }}|{{ ''.isalpha() }}|{{ '½'.isnumeric() }}|{{ '²'.isdigit() }}|{{ 'é'.isascii() }}", "True|True|True|True|True|True|False|True|True|False")]
    [InlineData("{{ emoji|length }}|{{ emoji.find('b') }}|{{ emoji|reverse }}|{{ emoji|list }}", "3|2|b🤗a|['a', '🤗', 'b']")]
    [InlineData("{{ '\\x1c a\\u2028'.strip() }}|{{ '\\u200b'.strip()|length }}", "a|1")]
    public void Render_Text_IsAsInPython(string template, string expected) =>
        Assert.Equal(expected, Rendering.Of(template));
}
