using System.Net;
using Rlt.Files;

namespace Rlt.Hub;

/// <summary>Brings files of the Hub into the cache: several at once, each from where it was broken off, and checked before it counts.</summary>
internal sealed class HubDownload(HubSettings settings, HubCache cache, HubClient client)
{
    private const int FilesAtOnce = 8;
    private const int BufferBytes = 1 << 17;
    private const int LockMilliseconds = 200;
    private const string Incomplete = ".incomplete";

    /// <summary>Downloads what is not there yet.</summary>
    /// <exception cref="HubException">There is no room for it, a file is not what the Hub lists, or the connection breaks off again and again.</exception>
    public async Task RunAsync(HubId id, string commit, IReadOnlyList<HubFile> files)
    {
        HubFile[] missing = [.. files.DistinctBy(file => file.Hash).Where(file => !File.Exists(cache.Blob(id, file)))];
        if (missing.Length == 0)
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(cache.Blob(id, missing[0]))!);
        Directory.CreateDirectory(Path.GetDirectoryName(cache.Lock(id, missing[0]))!);
        RequireRoom(id, missing);
        var transfer = new Transfer(id.ToString(), [.. missing.Select(file => new TransferPart(file.Name, file.Size))]);
        using IDisposable? shown = Transfer.Shown?.Invoke(transfer);
        await Parallel.ForEachAsync(missing.Zip(transfer.Parts), new ParallelOptions { MaxDegreeOfParallelism = FilesAtOnce },
            async (pair, stop) => await FileAsync(id, commit, pair.First, pair.Second, stop).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private void RequireRoom(HubId id, HubFile[] missing)
    {
        string folder = Path.GetDirectoryName(cache.Blob(id, missing[0]))!;
        double needed = missing.Sum(file => (double)file.Size - Begun(id, file));
        long free = new DriveInfo(folder).AvailableFreeSpace;
        if (needed > free)
        {
            throw new HubException(FormattableString.Invariant(
                $"{id} needs {needed / 1e9:0.00} GB in {folder}, which has {free / 1e9:0.00} GB free; free some, or set HF_HOME to a folder on another disk"));
        }
    }

    private long Begun(HubId id, HubFile file) => new FileInfo(cache.Blob(id, file) + Incomplete) is { Exists: true } begun ? begun.Length : 0;

    private async Task FileAsync(HubId id, string commit, HubFile file, TransferPart part, CancellationToken stop)
    {
        string blob = cache.Blob(id, file), incomplete = blob + Incomplete;
        using FileStream held = await LockAsync(id, file).ConfigureAwait(false);
        if (File.Exists(blob))
        {
            part.Done = part.Size;
            return;
        }

        for (int fruitless = 0; Begun(id, file) is var begun && (begun != file.Size || !File.Exists(incomplete));)
        {
            try
            {
                await ReceiveAsync(id, commit, file, part, begun, stop).ConfigureAwait(false);
            }
            catch (Exception error) when (!stop.IsCancellationRequested && IsOfConnection(error))
            {
                fruitless = Begun(id, file) > begun ? 0 : fruitless + 1;
                if (fruitless > settings.Retries)
                {
                    throw new HubException($"{file.Name} of {id} breaks off after {Begun(id, file)} of {file.Size} bytes, again and again ({error.Message}); "
                        + "the same command goes on there", error);
                }

                await Task.Delay(client.Wait(fruitless), stop).ConfigureAwait(false);
            }
        }

        string hash = file.HashOf(incomplete);
        if (hash != file.Hash)
        {
            File.Delete(incomplete);
            throw new HubException($"{file.Name} of {id} is not what the Hub lists: its hash is {hash}, expected {file.Hash}. "
                + "It is deleted; the same command downloads it anew");
        }

        File.Move(incomplete, blob, overwrite: true);
        Posix.FlushDirectory(Path.GetDirectoryName(blob)!);
    }

    // A full disk stays full, and a folder that cannot be written too.
    private static bool IsOfConnection(Exception error) => error is HttpRequestException or OperationCanceledException or HttpIOException or IOException { InnerException: System.Net.Sockets.SocketException };

    private async Task ReceiveAsync(HubId id, string commit, HubFile file, TransferPart part, long begun, CancellationToken stop)
    {
        string incomplete = cache.Blob(id, file) + Incomplete;
        begun = begun < file.Size ? begun : 0;
        using HttpResponseMessage answer = await client.ContentAsync(id, commit, file, begun).ConfigureAwait(false);
        begun = answer.StatusCode == HttpStatusCode.PartialContent ? begun : 0;
        if (answer.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            File.Delete(incomplete);
            throw new HttpRequestException("it refuses to go on");
        }

        long sent = begun + (answer.Content.Headers.ContentLength ?? file.Size - begun);
        if (sent != file.Size)
        {
            throw WrongSize(id, file, $"{sent}");
        }

        await using var stream = new FileStream(incomplete, begun > 0 ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.Read, BufferBytes);
        await using Stream content = await answer.Content.ReadAsStreamAsync(stop).ConfigureAwait(false);
        byte[] buffer = new byte[BufferBytes];
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(stop);
        for (part.Done = begun; ; part.Done = begun)
        {
            stall.CancelAfter(TimeSpan.FromSeconds(settings.StallSeconds));
            int read = await content.ReadAsync(buffer, stall.Token).ConfigureAwait(false);
            begun += read;
            if (begun > file.Size)
            {
                stream.SetLength(0);
                throw WrongSize(id, file, "more");
            }

            if (read == 0)
            {
                break;
            }

            await stream.WriteAsync(buffer.AsMemory(0, read), stop).ConfigureAwait(false);
        }

        stream.Flush(flushToDisk: true);
        if (begun < file.Size)
        {
            throw new HttpRequestException("its end came too early");
        }
    }

    private static HubException WrongSize(HubId id, HubFile file, string sent) =>
        new($"{file.Name} of {id} has {file.Size} bytes in the Hub's list, and its server sends {sent}; nothing of it is kept");

    private async Task<FileStream> LockAsync(HubId id, HubFile file)
    {
        for (bool isTold = false; ; isTold = true)
        {
            try
            {
                return new FileStream(cache.Lock(id, file), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
            }
            catch (IOException error) when (Posix.IsLocked(error))
            {
                if (!isTold)
                {
                    Transfer.Said?.Invoke($"another process downloads {file.Name} of {id}; waiting for it");
                }

                await Task.Delay(LockMilliseconds).ConfigureAwait(false);
            }
        }
    }
}
