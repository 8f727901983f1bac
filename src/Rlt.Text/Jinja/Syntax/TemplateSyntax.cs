namespace Rlt.Text.Jinja.Syntax;

/// <summary>Makes the errors of templates that cannot be parsed.</summary>
internal static class TemplateSyntax
{
    /// <summary>An error at a line of a template: what was found and what was expected.</summary>
    public static CheckpointException Error(string name, int line, string problem) =>
        new($"{name}:{line}: template syntax: {problem}");
}
