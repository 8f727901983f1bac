namespace Rlt.Tests.Hostile;

/// <summary>A reader of the product with a good set of files; each case damages one of them.</summary>
internal abstract class HostileReader
{
    /// <summary>The files that are damaged, by name, as they are when they are good.</summary>
    public abstract IReadOnlyDictionary<string, byte[]> Files { get; }

    /// <summary>How often this reader is taken beside the others; the slow ones less.</summary>
    public virtual int Weight => 10;

    /// <summary>Writes what is the same for every case.</summary>
    public virtual void Prepare(string directory)
    {
    }

    /// <summary>Damages a file.</summary>
    public virtual byte[] Damage(string name, byte[] content, Mutator mutator) => mutator.Damage(content);

    /// <summary>Reads, and uses what was read.</summary>
    public abstract void Read(string directory);
}
