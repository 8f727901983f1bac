namespace Rlt.Grading.Numbers;

/// <summary>An answer that cannot be read or valued within the limits; it is then compared as text.</summary>
internal sealed class UngradableException(string message) : Exception(message);
