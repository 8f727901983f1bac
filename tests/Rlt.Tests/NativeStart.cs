using System.Runtime.CompilerServices;
using Rlt.Platform;

namespace Rlt.Tests;

/// <summary>Tests use TorchSharp before they touch the product: the process is prepared for it first.</summary>
internal static class NativeStart
{
#pragma warning disable CA2255 // What the attribute is for.
    [ModuleInitializer]
    internal static void Load() => TorchLibrary.Load();
#pragma warning restore CA2255
}
