using System.Globalization;
using Rlt.Hub;
using Spectre.Console;

namespace Rlt.Cli;

/// <summary>Shows a download: bars on a terminal, a line now and then elsewhere.</summary>
internal sealed class DownloadView : IDisposable
{
    private const int MostBars = 12;
    private const int LineSeconds = 10;
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(200);

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _showing;

    private DownloadView(Transfer transfer) => _showing = Console.IsErrorRedirected ? LinesAsync(transfer) : BarsAsync(transfer);

    /// <summary>Shows it until the view is disposed.</summary>
    public static IDisposable Begin(Transfer transfer) => new DownloadView(transfer);

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended.TrySetResult();
        _showing.GetAwaiter().GetResult();
    }

    private async Task LinesAsync(Transfer transfer)
    {
        string files = transfer.Parts.Count == 1 ? "file" : "files";
        Console.Error.WriteLine($"downloading {transfer.Name}: {transfer.Parts.Count} {files}, {Bytes(transfer.Size)}");
        while (await Task.WhenAny(_ended.Task, Task.Delay(TimeSpan.FromSeconds(LineSeconds))).ConfigureAwait(false) != _ended.Task)
        {
            Console.Error.WriteLine($"downloading {transfer.Name}: {Bytes(transfer.Done)} of {Bytes(transfer.Size)}");
        }
    }

    // A file a bar, or one for all where they would fill the terminal.
    private Task BarsAsync(Transfer transfer) => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) })
        .Progress()
        .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
        .StartAsync(async bars =>
        {
            (ProgressTask Bar, Func<long> Done)[] shown = transfer.Parts.Count <= MostBars
                ? [.. transfer.Parts.Select(part => (bars.AddTask(Markup.Escape(part.Name), maxValue: Math.Max(1, part.Size)), (Func<long>)(() => part.Done)))]
                : [(bars.AddTask(Markup.Escape(transfer.Name), maxValue: Math.Max(1, transfer.Size)), () => transfer.Done)];
            bool isOver;
            do
            {
                isOver = _ended.Task.IsCompleted;
                Array.ForEach(shown, one => one.Bar.Value = one.Done());
                await Task.WhenAny(_ended.Task, Task.Delay(Refresh)).ConfigureAwait(false);
            }
            while (!isOver);
        });

    private static string Bytes(long count) => count < 1_000_000
        ? $"{(count / 1e3).ToString("0.0", CultureInfo.InvariantCulture)} kB"
        : $"{(count / 1e6).ToString("#,0.0", CultureInfo.InvariantCulture)} MB";
}
