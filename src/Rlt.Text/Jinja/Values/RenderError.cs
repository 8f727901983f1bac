namespace Rlt.Text.Jinja.Values;

/// <summary>An error while rendering; the template adds its name and line and hands it to the user as a
/// <see cref="DataException"/>.</summary>
internal sealed class RenderError(string message) : Exception(message);
