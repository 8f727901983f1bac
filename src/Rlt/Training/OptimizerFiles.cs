using System.Globalization;
using System.Text;
using Rlt.Distributed;
using Rlt.Files;
using Rlt.Models;
using Rlt.Models.Safetensors;
using Rlt.Training.Optimization;
using static TorchSharp.torch;

namespace Rlt.Training;

/// <summary>
/// An optimizer's state in a checkpoint: <c>optimizer.safetensors</c>, or where each rank has its pieces a file of each rank,
/// <c>optimizer-00001-of-00004.safetensors</c>, written by it. Any number of ranks reads what any other wrote.
/// </summary>
internal static class OptimizerFiles
{
    /// <summary>Writes the state; every rank calls it.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="directory">The checkpoint's.</param>
    /// <param name="name">What the files' names begin with.</param>
    public static void Save(AdamW optimizer, string directory, string name)
    {
        if (!optimizer.Sharding.HasPieces)
        {
            Write(optimizer, Path.Combine(directory, Whole(name)));
            return;
        }

        // The first rank's directory is the checkpoint's. It waits for the others' files, which its checksums cover.
        ICollectives ranks = optimizer.Sharding.Ranks;
        directory = Encoding.UTF8.GetString(ranks.BroadcastBytes(Encoding.UTF8.GetBytes(directory), 0));
        using (WritingProcess.Own())
        {
            Write(optimizer, Path.Combine(directory, NameOf(name, ranks.Rank, ranks.Size)));
        }

        ranks.Barrier();
    }

    /// <summary>Reads this rank's part of the state.</summary>
    /// <exception cref="CheckpointException">A file or a tensor is missing, or of another shape.</exception>
    public static void Restore(AdamW optimizer, string directory, string name)
    {
        using var noGrad = no_grad();
        string[] names = File.Exists(Path.Combine(directory, Whole(name))) ? [Whole(name)] : Parts(directory, name);
        SafetensorsFile[] files = [.. names.Select(file => SafetensorsFile.Open(Path.Combine(directory, file)))];
        try
        {
            foreach ((string state, Tensor target, long size) in optimizer.Pieces)
            {
                long start = optimizer.Sharding.PieceOf(size).Start;
                for (int rank = 0; rank < files.Length; rank++)
                {
                    Restore(files[rank], state, Sharding.PieceOf(size, rank, files.Length), target, start,
                        isWhole: files.Length == 1 && !optimizer.Sharding.HasPieces);
                }
            }
        }
        finally
        {
            Array.ForEach(files, file => file.Dispose());
        }
    }

    // The part of a stored piece that belongs to the target, which begins at a number of the whole.
    private static void Restore(SafetensorsFile file, string name, (long Start, long Length) stored, Tensor target, long start, bool isWhole)
    {
        (long first, long end) = (Math.Max(start, stored.Start), Math.Min(start + target.numel(), stored.Start + stored.Length));
        if (first >= end)
        {
            return;
        }

        TensorEntry entry = file.Entries.TryGetValue(name, out TensorEntry? found) ? found
            : throw new CheckpointException($"{file.Path}: '{name}' is missing. Is the run's model another one now?");
        StoredState.RequireSame(file, entry, target.dtype, isWhole ? target.shape : entry.Shape.Length == 1 ? [stored.Length] : entry.Shape);
        using var scope = NewDisposeScope();
        Tensor flat = TensorBytes.Read(file, entry, target.dtype, target.device).view(-1);
        target.view(-1).narrow(0, first - start, end - first).copy_(flat.narrow(0, first - stored.Start, end - first));
    }

    private static string[] Parts(string directory, string name)
    {
        string[] names = [.. Directory.EnumerateFiles(directory, $"{name}-*-of-*.safetensors")
            .Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];
        return names.Length > 0 && names.Select((file, rank) => file == NameOf(name, rank, names.Length)).All(isNext => isNext) ? names
            : throw new CheckpointException(
                $"{directory}: {(names.Length == 0 ? $"{Whole(name)} is missing" : $"the optimizer's {names.Length} files are not all that there were")}. "
                + "Delete this folder to go on from the checkpoint before it.");
    }

    private static string Whole(string name) => name + ".safetensors";

    private static string NameOf(string name, int rank, int ranks) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}-{rank + 1:D5}-of-{ranks:D5}.safetensors");

    private static void Write(AdamW optimizer, string path)
    {
        IReadOnlyDictionary<string, Tensor> state = optimizer.State;
        TensorSpec[] specs = [.. state.Select(pair => new TensorSpec(pair.Key, pair.Value.dtype.ToStoredType(), pair.Value.shape))];
        SafetensorsWriter.WriteFile(path, specs, (spec, stream) => TensorBytes.Write(state[spec.Name], stream));
    }
}

/// <summary>What a checkpoint's tensors must be.</summary>
internal static class StoredState
{
    /// <summary>Requires a type and a shape: another one would be converted or repeated to fit, and the run
    /// would go on from other numbers than it had.</summary>
    public static void RequireSame(SafetensorsFile file, TensorEntry entry, ScalarType type, long[] shape)
    {
        if (entry.Type != type.ToStoredType() || !entry.Shape.SequenceEqual(shape))
        {
            throw new CheckpointException(
                $"{file.Path}: '{entry.Name}' is {entry.Type} [{string.Join(", ", entry.Shape)}]; "
                    + $"this run has {type.ToStoredType()} [{string.Join(", ", shape)}] there. Is the run's model or dtype another one now?");
        }
    }
}
