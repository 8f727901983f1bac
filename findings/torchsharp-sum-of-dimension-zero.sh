#!/usr/bin/env bash
# TorchSharp 0.107.0 with libtorch-cpu-linux-x64 2.10.0 (NuGet), .NET 10: x.sum(0) does not sum over dimension 0.
#
# x.sum(1) and x.sum(-1) sum over that dimension, as in PyTorch. A literal 0 also converts to any enum, and the compiler takes the overload with a
# dtype: x.sum(0) is x.sum(ScalarType.Byte), the sum of all elements, each cut to an unsigned byte first. No warning is given, and where the values are small
# the result is 0, of no dimensions, which then broadcasts. x.sum([0L]) is what was meant.
# Expected of a [2, 3] tensor of 0.25: [0.5, 0.5, 0.5]. Output seen:
#   sum(0): 0 (Byte, 0 dimensions); sum(1): 0.75 0.75 (Float32); sum([0L]): 0.5 0.5 0.5 (Float32)
#
# The script exits with 0 while sum(0) gives a byte, and with 1 where it sums over dimension 0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >scalars.csproj <<'PROJECT'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <RuntimeIdentifier>linux-x64</RuntimeIdentifier>
    <SelfContained>false</SelfContained>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="TorchSharp" Version="0.107.0" />
    <PackageReference Include="libtorch-cpu-linux-x64" Version="2.10.0" />
  </ItemGroup>
</Project>
PROJECT
cat >Program.cs <<'PROGRAM'
using System.Buffers.Binary;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

// TorchSharp's library names a version of libstdc++ that it does not use and that Debian 12 lacks: its entry (hash, flags) is marked as weak.
string library = Directory.EnumerateFiles(AppContext.BaseDirectory, "libLibTorchSharp.so", SearchOption.AllDirectories).First();
uint hash = 0;
foreach (byte letter in Encoding.ASCII.GetBytes("GLIBCXX_3.4.32"))
{
    hash = (hash << 4) + letter;
    uint high = hash & 0xF0000000;
    hash = (hash ^ (high >> 24)) & ~high;
}

byte[] bytes = File.ReadAllBytes(library);
byte[] entry = new byte[6];
BinaryPrimitives.WriteUInt32LittleEndian(entry, hash);
if (bytes.AsSpan().IndexOf(entry) is var at and >= 0)
{
    bytes[at + 4] = 2;
    File.WriteAllBytes(library, bytes);
}

using Tensor x = full([2, 3], 0.25f);
Tensor ofZero = x.sum(0), ofOne = x.sum(1), meant = x.sum([0L]);
Console.WriteLine($"sum(0): {Values(ofZero)} ({ofZero.dtype}, {ofZero.dim()} dimensions); sum(1): {Values(ofOne)} ({ofOne.dtype}); sum([0L]): {Values(meant)} ({meant.dtype})");
return ofZero.dtype == ScalarType.Byte ? 0 : 1;

static string Values(Tensor tensor) => string.Join(' ', tensor.to(ScalarType.Float32).data<float>().ToArray());
PROGRAM
dotnet build -c Release -v q -nologo -o out >build.log 2>&1 || { tail -5 build.log; exit 2; }
dotnet out/scalars.dll
