using TorchSharp;

namespace Rlt.Tests.Tensors;

/// <summary>
/// The tensor layer's public members are TorchSharp's, so that the same sources build on its packages. tests/golden/torchsharp_surface.txt
/// lists those members as TorchSharp 0.107 has them: the lines of <see cref="PublicSurface.Of"/> of its assembly that serve one of ours.
/// </summary>
public sealed class SurfaceTests
{
    private static string[] Listed => File.ReadAllLines(Path.Combine(Golden.RepositoryRoot, "tests", "golden", "torchsharp_surface.txt"));

    [Fact]
    public void Surface_EveryMember_IsTorchSharps()
    {
        SortedSet<string> members = PublicSurface.Of(typeof(torch).Assembly);
#if TORCHSHARP_PACKAGES
        // On the packages themselves: what is listed is there.
        Assert.Empty(Listed.Except(members));
#else
        // LibTorch alone goes beyond TorchSharp; Rlt/Platform is where the product uses it.
        ILookup<string, string> listed = Listed.ToLookup(PublicSurface.NameOf);
        string[] foreign = [.. members
            .Where(member => !member.StartsWith("static:LibTorch.", StringComparison.Ordinal))
            .Where(member => !listed[PublicSurface.NameOf(member)].Any(offered => PublicSurface.Serves(member, offered)))];
        Assert.Empty(foreign);
#endif
    }

    [Fact]
    public void LibTorch_InTheProduct_PlatformAloneUsesIt()
    {
        string source = Path.Combine(Golden.RepositoryRoot, "src");
        string[] users = [.. new[] { "Rlt", "Rlt.Cli" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(source, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && File.ReadAllText(file).Contains("LibTorch.", StringComparison.Ordinal))
            .Select(file => Path.GetRelativePath(source, file).Replace(Path.DirectorySeparatorChar, '/'))];
        Assert.Equal(["Rlt/Platform/CpuKernels.cs", "Rlt/Platform/TorchLibrary.cs"], users.Order());
    }

    [Theory]
    [InlineData("T.f(Int64 a) T", "T.f(Int64 a; Boolean b = false) T", true)]
    [InlineData("T.f(Int64 a) T", "T.f(Int64 b) T", false)]
    [InlineData("T.f(Int64 a) T", "T.f(Int64 a; Boolean b) T", false)]
    [InlineData("T.f(Int64 a = 0) T", "T.f(Int64 a = 1) T", false)]
    [InlineData("T.f(Int64 a; Int64 b) T", "T.f(Int64 a) T", false)]
    [InlineData("T.f() T", "T.f() U", false)]
    [InlineData("T.f() Void", "T.f() U", true)]
    [InlineData("T.F Int32 = 1", "T.F Int32 = 2", false)]
    public void Serves_Member_AsItsCallsWouldCompile(string wanted, string offered, bool expected) =>
        Assert.Equal(expected, PublicSurface.Serves(wanted, offered));
}
