// The programs that rlt is measured beside, on random weights of a shape of `rlt bench`. Prints lines "PEER MEASURE TOKENS_PER_SECOND".
//   peers torch SHAPE fp32|bf16 BATCH ROWS,ROWS,..  REPS     eager TorchSharp on the same libtorch: the operators of a current PyTorch
//   peers opd   SHAPE fp32|bf16 SAMPLES REPS                 a step of on-policy distillation there: "torch opd_step", and its peak memory in MiB
//   peers llama SHAPE fp32|bf16 GGUF  ROWS,ROWS,..  REPS     llama.cpp, as LLamaSharp's package has it; writes the GGUF file where it is not there
//   peers rlt   REPORT                                       the same lines from the JSON of `rlt bench`
//   peers table TITLE LINES                                  a Markdown table of medians and of rlt's ratio to the better peer
using System.Globalization;
using System.Text.Json.Nodes;
using Rlt.Benchmarks;
using Rlt.Peers;
using Rlt.Platform;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
switch (args)
{
    case ["torch", var shape, var dtype, var batch, var rows, var reps]:
        new EagerTorch(PeerShape.Of(BenchShapes.Get(shape)), dtype == "bf16").Measure(int.Parse(batch), Numbers(rows), int.Parse(reps), Say);
        break;
    case ["opd", var shape, var dtype, var samples, var reps]:
        PeerShape sizes = PeerShape.Of(BenchShapes.Get(shape));
        double seconds = new EagerTorch(sizes, dtype == "bf16").DistillSeconds(new EagerTorch(sizes, dtype == "bf16"), int.Parse(samples), int.Parse(reps));
        Say("torch", "opd_step", int.Parse(samples) * 256 / seconds);
        Say("torch", "opd_peak_mib", ProcessMemory.PeakBytes(TorchSharp.torch.CPU) >> 20);
        break;
    case ["opd-rlt", var file]:
        JsonNode measuredStep = JsonNode.Parse(File.ReadAllText(file))!;
        SayOf("rlt", "opd_step", measuredStep["opd_step"]!);
        Say("rlt", "opd_peak_mib", (double)measuredStep["peak_memory_mib"]!);
        break;
    case ["llama", var shape, var dtype, var file, var rows, var reps]:
        if (!File.Exists(file))
        {
            RandomGguf.Write(file, PeerShape.Of(BenchShapes.Get(shape)), dtype == "bf16");
        }

        LlamaCpp.Measure(file, Numbers(rows), int.Parse(reps), Say);
        break;
    case ["rlt", var file]:
        JsonNode report = JsonNode.Parse(File.ReadAllText(file))!;
        foreach (string part in (string[])["prefill", "score", "sft_step"])
        {
            SayOf("rlt", part, report[part]!);
        }

        foreach ((string count, JsonNode? measured) in report["decode"]!.AsObject())
        {
            SayOf("rlt", $"decode_{count}", measured!);
        }

        break;
    case ["table", var title, var file]:
        Table(title, File.ReadLines(file));
        break;
    default:
        Console.Error.WriteLine("usage: see Program.cs; scripts/bench-peers.sh calls it");
        return 2;
}

return 0;

static int[] Numbers(string text) => [.. text.Split(',').Select(int.Parse)];

static void Say(string peer, string measure, double rate) => Console.WriteLine($"{peer} {measure} {rate:F1}");

static void SayOf(string peer, string measure, JsonNode measured) => Say(peer, measure, (double)measured["tokens_per_second"]!);

static void Table(string title, IEnumerable<string> lines)
{
    var rates = lines.Select(line => line.Split(' ')).GroupBy(words => words[1]).ToDictionary(
        measure => measure.Key,
        measure => measure.GroupBy(words => words[0], words => double.Parse(words[2])).ToDictionary(peer => peer.Key, peer => peer.Order().ElementAt(peer.Count() / 2)));
    Console.WriteLine($"| {title}, tokens/s | rlt | TorchSharp | llama.cpp | rlt to the better |");
    Console.WriteLine("|---|---|---|---|---|");
    foreach ((string measure, Dictionary<string, double> by) in rates)
    {
        double better = by.Where(pair => pair.Key != "rlt").Select(pair => pair.Value).DefaultIfEmpty(double.NaN).Max();
        Console.WriteLine($"| {measure.Replace('_', ' ')} | {Cell("rlt")} | {Cell("torch")} | {Cell("llama")} | {by["rlt"] / better:F2} |");

        string Cell(string peer) => by.TryGetValue(peer, out double rate) ? rate.ToString("N0") : "";
    }
}
