using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace Rlt.Platform;

/// <summary>
/// Prepares the process for libtorch before anything of it is loaded: what it and its threads read from the environment, the C library's allocator,
/// and the loading of TorchSharp's own library on systems that are older than the one it was linked on.
/// </summary>
internal static partial class NativeLibraries
{
    private const string TorchSharp = "libLibTorchSharp.so";
    private const string Scalars = "librlt_scalars.so";
    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MmapThreshold = -3;
    private const int ArenaMax = -8;

    // Loaded first, in this order: TorchSharp's library, loaded from another folder, would not find them.
    private static readonly string[] Libtorch = ["libc10.so", "libtorch_cpu.so", "libtorch_cuda.so", "libtorch.so"];

    /// <summary>Where native libraries lie: beside the program, or where the host looks for those of packages.</summary>
    public static IEnumerable<string> Folders =>
        (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Prepend(AppContext.BaseDirectory).Distinct();

    /// <summary>The path of a native library; null where it is not there.</summary>
    public static string? Find(string name) => Folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Sets a variable that native libraries read; <see cref="Environment.SetEnvironmentVariable(string, string?)"/> does not reach them.</summary>
    /// <param name="name">The variable.</param>
    /// <param name="value">Its value.</param>
    /// <param name="replace">Whether one that the user has set is replaced.</param>
    public static void SetVariable(string name, string value, bool replace = false) => _ = setenv(name, value, replace ? 1 : 0);

#pragma warning disable CA2255 // A library that needs its process prepared before others load: what module initializers are for.
    [ModuleInitializer]
    internal static void Prepare()
#pragma warning restore CA2255
    {
        if (OperatingSystem.IsLinux())
        {
            KeepBigBlocks();
            AskForHugePages();
            LetThreadsSleep();
            BoundKernelCache();
            ProcessorLevel.CapLibraries();
            AssemblyLoadContext.Default.ResolvingUnmanagedDll += Resolve;

            // Asked for every function anew.
            var loaded = new Lazy<nint>(LoadOfTorchSharp);
            NativeLibrary.SetDllImportResolver(typeof(global::TorchSharp.torch).Assembly, (name, _, _) => name == "LibTorchSharp" ? loaded.Value : 0);
        }
    }

    // Before TorchSharp's library stands one that frees numbers later (scalars.cpp), where there was a compiler to build it; else 0, for the usual search.
    private static unsafe nint LoadOfTorchSharp()
    {
        if (Find(Scalars) is not { } before || !NativeLibrary.TryLoad("LibTorchSharp", typeof(global::TorchSharp.torch).Assembly, null, out nint library))
        {
            return 0;
        }

        nint scalars = NativeLibrary.Load(before);
        ((delegate* unmanaged<nint, void>)NativeLibrary.GetExport(scalars, "rlt_dispose_scalars_by"))(
            NativeLibrary.GetExport(library, "THSTorch_dispose_scalar"));
        return scalars;
    }

    // By default glibc maps every large tensor afresh and gives it back when freed; the page faults then cost more than
    // the arithmetic. One arena, no early trimming and a high mmap threshold keep the blocks for the next tensor.
    private static void KeepBigBlocks()
    {
        _ = mallopt(ArenaMax, 1);
        _ = mallopt(MmapThreshold, int.MaxValue);
        _ = mallopt(TrimThreshold, int.MaxValue);
        _ = mallopt(TopPad, 64 << 20);
    }

    // A large tensor begins at a huge page and asks for huge ones: filling fresh memory takes a five-hundredth of the page faults, and the
    // heap has fewer holes.
    private static void AskForHugePages() => SetVariable("THP_MEM_ALLOC_ENABLE", "1");

    // Between two operators a thread waits a few microseconds at most, and waking a sleeping one takes longer than a small operator:
    // decoding is twice as fast where threads spin. One that spins for long while another process has its core makes everything many
    // times slower (5 times on 2 busy cores), as libgomp's default does. So: spin for about 20 microseconds, then sleep.
    private static void LetThreadsSleep()
    {
        if (Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null)
        {
            SetVariable("GOMP_SPINCOUNT", "10000");
        }
    }

    // oneDNN keeps a compiled kernel for each shape that it has met, and packed batches have ever other lengths: 1024 by default, more
    // than a gigabyte. One step meets far fewer.
    private static void BoundKernelCache() => SetVariable("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128");

    // Called only after the system's own search has failed.
    private static nint Resolve(Assembly assembly, string name)
    {
        if (!name.Contains("LibTorchSharp", StringComparison.Ordinal) || Find(TorchSharp) is not { } path)
        {
            return 0;
        }

        foreach (string library in Libtorch)
        {
            if (Find(library) is { } found)
            {
                NativeLibrary.Load(found);
            }
        }

        return LoadCured(path);
    }

    /// <summary>Loads a copy of a library in which the versions of libstdc++ that it names without using may be missing.</summary>
    /// <exception cref="DllNotFoundException">It cannot be loaded, and why.</exception>
    internal static nint LoadCured(string path)
    {
        byte[] library = File.ReadAllBytes(path);
        try
        {
            if (VersionNeeds.WeakenUnused(library, "libstdc++.so.6").Count == 0)
            {
                return NativeLibrary.Load(path);
            }
        }
        catch (InvalidDataException error)
        {
            throw new DllNotFoundException(
                $"{path} cannot be loaded: this system's libstdc++ is older than the one it was linked with, and its layout is not known ({error.Message}). Use a system with GCC 13's libstdc++ or newer", error);
        }

        // Memory is tried where folders may not hold programs.
        return LoadFrom(Path.Combine(Path.GetTempPath(), $"rlt-{Environment.ProcessId}-{TorchSharp}"), library)
            ?? LoadFrom($"/proc/self/fd/{memfd_create(TorchSharp, 0)}", library)
            ?? throw new DllNotFoundException(
                $"{path} cannot be loaded: neither {Path.GetTempPath()} nor this process's memory may hold a program. Set TMPDIR to a folder that may");
    }

    private static nint? LoadFrom(string path, byte[] library)
    {
        try
        {
            File.WriteAllBytes(path, library);
            return NativeLibrary.TryLoad(path, out nint handle) ? handle : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        finally
        {
            if (!path.StartsWith("/proc/", StringComparison.Ordinal) && File.Exists(path))
            {
                File.Delete(path);
            }
        }
    }

    [LibraryImport("libc", SetLastError = false)]
    private static partial int mallopt(int parameter, int value);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);
}
