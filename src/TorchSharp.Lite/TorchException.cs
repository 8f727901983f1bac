using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>An error of libtorch, with the operator and the operands' shapes where an operator failed.</summary>
/// <remarks>TorchSharp throws <see cref="ExternalException"/>; catch that.</remarks>
internal sealed class TorchException(string message) : ExternalException(message);
