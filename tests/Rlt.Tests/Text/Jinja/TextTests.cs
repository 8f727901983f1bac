namespace Rlt.Tests.Text.Jinja;

/// <summary>Texts: printing, formatting and methods, as Python has them. Expected texts are those of Python's Jinja2 3.1.6 in transformers' environment.</summary>
public sealed class TextTests
{
    [Theory]
    [InlineData("{{ 3.0 }}|{{ 1e16 }}|{{ 1e15 }}|{{ 0.0001 }}|{{ 0.00001 }}|{{ 1/3 }}|{{ 0.1 + 0.2 }}|{{ 1e300 * 10 }}|{{ -0.0 }}|{{ 5e-324 }}", "3.0|1e+16|1000000000000000.0|0.0001|1e-05|0.3333333333333333|0.30000000000000004|1e+301|-0.0|5e-324")]
    [InlineData("{{ ['it\\'s', 'say \"x\"', 'a\\n\\\\', '\\x00\\x7f\\x85', 'é🤗', 'both \\' and \"'] }}", "[\"it's\", 'say \"x\"', 'a\\n\\\\', '\\x00\\x7f\\x85', 'é🤗', 'both \\' and \"']")]
    [InlineData("{{ '%s|%5d|%-5d|%05d|%+d|%x|%o' % ('a', 1, 2, 3, 4, 255, 8) }}", "a|    1|2    |00003|+4|ff|10")]
    [InlineData("{{ '%.2f|%e|%g|%g|%5.1f|%%' % (0.125, 12345.678, 0.00001, 1e20, 2.25) }}", "0.12|1.234568e+04|1e-05|1e+20|  2.2|%")]
    [InlineData("{{ '%.0f %.0f %.0f' % (0.5, 1.5, 2.5) }}|{{ '%r %s' % ('x', none) }}|{{ '%(a)s-%(b)03d' % {'a': 1, 'b': 2} }}|{{ '%c%c' % ('a', 66) }}|{{ '%.3s' % 'abcdef' }}", "0 2 2|'x' None|1-002|aB|abc")]
    [InlineData("{{ '%s and %s'|format('a', 1) }}|{{ '%(x)s'|format(x=5) }}", "a and 1|5")]
    [InlineData("{{ '{} {1}'.replace('1', '') .format('a', 'b') }}|{{ '{0} {1} {0}'.format('a', 'b') }}|{{ '{x}'.format(x=3) }}|{{ '{:>5}|{:<5}|{:^5}|{:*^7}'.format('a', 'b', 'c', 'd') }}", "a b|a b a|3|    a|b    |  c  |***d***")]
    [InlineData("{{ '{:05d}|{:+}|{:,}|{:.2f}|{:x}|{:%}|{:e}'.format(42, 3, 1234567, 2.345, 255, 0.5, 1234.5) }}|{{ '{:{}}'.format('a', 4) }}|{{ '{0[k]} {1.real}'.format({'k': 1}, 2) }}|{{ '{{}}{!r}'.format('q') }}", "00042|+3|1,234,567|2.35|ff|50.000000%|1.234500e+03|a   |1 2|{}'q'")]
    [InlineData("{{ ' a b '.strip() }}|{{ 'xxaxx'.strip('x') }}|{{ 'aab'.lstrip('a') }}|{{ 'baa'.rstrip('a') }}", "a b|a|b|b")]
    [InlineData("{{ 'a,b,c'.split(',') }}|{{ 'a,b,c'.split(',', 1) }}|{{ 'a,b,c'.rsplit(',', 1) }}|{{ ' a  b '.split() }}|{{ ' a  b c '.split(none, 1) }}|{{ ' a  b c '.rsplit(none, 1) }}|{{ 'ab'.split('x') }}", "['a', 'b', 'c']|['a', 'b,c']|['a,b', 'c']|['a', 'b']|['a', 'b c ']|[' a  b', 'c']|['ab']")]
    [InlineData("{{ 'a\\nb\\r\\nc\\x0bd\\n'.splitlines() }}|{{ 'a\\nb'.splitlines(true) }}|{{ 'a-b-c'.partition('-') }}|{{ 'a-b-c'.rpartition('-') }}", "['a', 'b', 'c', 'd']|['a\\n', 'b']|('a', '-', 'b-c')|('a-b', '-', 'c')")]
    [InlineData("{{ 'banana'.replace('an', 'x') }}|{{ 'banana'.replace('a', 'o', 2) }}|{{ 'ab'.replace('', '-') }}|{{ 'banana'.count('an') }}|{{ 'banana'.find('n', 3) }}|{{ 'banana'.rfind('a') }}|{{ 'abc'.find('z') }}", "bxxa|bonona|-a-b-|2|4|5|-1")]
    [InlineData("{{ 'abc'.startswith('ab') }}|{{ 'abc'.startswith(('x', 'a')) }}|{{ 'abc'.endswith('bc', 1) }}|{{ 'abc'.removeprefix('a') }}|{{ 'abc'.removesuffix('c') }}", "True|True|True|bc|ab")]
    [InlineData("{{ 'hello wORLD'.title() }}|{{ 'hello'.capitalize() }}|{{ 'aBc'.swapcase() }}|{{ 'straße'.upper() }}|{{ 'ÀÉ'.lower() }}|{{ \"they're\".title() }}|{{ \"they're\"|title }}", "Hello World|Hello|AbC|STRASSE|àé|They'Re|They're")]
    [InlineData("{{ 'a'.center(4, '*') }}|{{ 'a'.ljust(3, '.') }}|{{ 'a'.rjust(3) }}|{{ '-5'.zfill(4) }}|{{ ', '.join(['a', 'b']) }}|{{ 'a\\tb'.expandtabs(4) }}", "*a**|a..|  a|-005|a, b|a   b")]
    [InlineData("{{ '12'.isdigit() }}|{{ 'a1'.isalnum() }}|{{ 'ab'.isalpha() }}|{{ ' '.isspace() }}|{{ 'Ab'.istitle() }}|{{ 'ab'.islower() }}|{{ 'AB'.isupper() }}|{{ ''.isalpha() }}|{{ '½'.isnumeric() }}|{{ '²'.isdigit() }}|{{ 'é'.isascii() }}", "True|True|True|True|True|True|True|False|True|True|False")]
    [InlineData("{{ '%a' % 'é' }}|{{ '{:c}'.format(66) }}|{{ ('<'|safe).join([1, '>']) }}|{{ 'a' % nope }}", "'\\xe9'|B|1<&gt;|a")]
    [InlineData("{{ emoji|length }}|{{ emoji.find('b') }}|{{ emoji|reverse }}|{{ emoji|list }}|{{ emoji.center(5, '*') }}", "3|2|b🤗a|['a', '🤗', 'b']|*a🤗b*")]
    [InlineData("{{ '\\x1c a\\u2028'.strip() }}|{{ '\\u200b'.strip()|length }}", "a|1")]
    public void Render_Text_IsAsInPython(string template, string expected) =>
        Assert.Equal(expected, Rendering.Of(template));
}
