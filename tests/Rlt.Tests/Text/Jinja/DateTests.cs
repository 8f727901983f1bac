namespace Rlt.Tests.Text.Jinja;

public sealed class DateTests
{
    [Theory]
    [InlineData("%d %b %Y", "05 Mar 2026")]
    [InlineData("%d %B %Y", "05 March 2026")]
    [InlineData("%Y-%m-%d %H:%M:%S", "2026-03-05 14:07:09")]
    [InlineData("%A %a %j %y %I %p %f", "Thursday Thu 064 26 02 PM 000000")]
    [InlineData("%-d.%-m. %e %-H %-I", "5.3.  5 14 2")]
    [InlineData("%w %u %U %W %V %G", "4 4 09 09 10 2026")]
    [InlineData("%F %T %D %R %c", "2026-03-05 14:07:09 03/05/26 14:07 Thu Mar  5 14:07:09 2026")]
    [InlineData("100%% %Z|", "100% |")]
    public void StrftimeNow_Format_IsPythons(string format, string expected) =>
        Assert.Equal(expected, Rendering.Of($"{{{{ strftime_now('{format}') }}}}", clock: new FixedClock()));

    [Fact]
    public void StrftimeNow_UnknownDirective_IsADataError()
    {
        var error = Assert.Throws<DataException>(() => Rendering.Of("{{ strftime_now('%Q') }}", clock: new FixedClock()));

        Assert.Contains("strftime_now does not know '%Q'", error.Message, StringComparison.Ordinal);
    }

    private sealed class FixedClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2026, 3, 5, 14, 7, 9, TimeSpan.Zero);
    }
}
