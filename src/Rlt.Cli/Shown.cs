using System.Globalization;

namespace Rlt.Cli;

/// <summary>Figures of a run as people read them.</summary>
internal static class Shown
{
    /// <summary>A number to four digits.</summary>
    public static string Number(double value) => value.ToString("G4", CultureInfo.InvariantCulture);

    /// <summary>Seconds as days, hours, minutes and seconds.</summary>
    public static string Duration(double seconds) => TimeSpan.FromSeconds(Math.Round(seconds)).ToString("c", CultureInfo.InvariantCulture);
}
