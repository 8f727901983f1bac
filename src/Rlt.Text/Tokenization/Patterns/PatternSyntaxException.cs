namespace Rlt.Text.Tokenization.Patterns;

/// <summary>A regular expression that cannot be read; the file's reader turns it into an error that names the place.</summary>
internal sealed class PatternSyntaxException(string message) : Exception(message);
