using System.Diagnostics;
using LLama;
using LLama.Common;
using LLama.Native;

namespace Rlt.Peers;

/// <summary>llama.cpp's prefill and decoding of rows side by side.</summary>
internal static class LlamaCpp
{
    private const int Prompt = 128;
    private const int New = 128;
    private const int BatchTokens = 2048;

    public static void Measure(string file, int[] rowCounts, int repetitions, Action<string, string, double> say)
    {
        NativeLogConfig.llama_log_set((_, _) => { });
        foreach (int rows in rowCounts)
        {
            (double prefill, double decode) = Rates(file, rows, repetitions);
            if (rows == rowCounts[^1])
            {
                say("llama", "prefill", prefill);
            }

            say("llama", $"decode_{rows}", decode);
        }
    }

    private static (double Prefill, double Decode) Rates(string file, int rows, int repetitions)
    {
        int threads = Environment.ProcessorCount;
        var parameters = new ModelParams(file)
        {
            ContextSize = (uint)(rows * (Prompt + New)), SeqMax = (uint)rows, Threads = threads, BatchThreads = threads, BatchSize = BatchTokens, UBatchSize = 512,
            FlashAttention = true, GpuLayerCount = 0,
        };
        using var weights = LLamaWeights.LoadFromFile(parameters);
        var random = new Random(0);
        List<double> prefills = [], decodes = [];
        for (int repetition = 0; repetition <= repetitions; repetition++)  // the first one warms up
        {
            using LLamaContext context = weights.CreateContext(parameters);
            var batch = new LLamaBatch();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < rows * Prompt; i++)
            {
                Add(i / Prompt, i % Prompt, i % Prompt == Prompt - 1);
                if (batch.TokenCount == BatchTokens || i == (rows * Prompt) - 1)
                {
                    Run();
                }
            }

            double prefill = Stopwatch.GetElapsedTime(start).TotalSeconds;
            start = Stopwatch.GetTimestamp();
            for (int step = 0; step < New; step++)
            {
                for (int row = 0; row < rows; row++)
                {
                    Add(row, Prompt + step, true);
                }

                Run();
            }

            if (repetition > 0)
            {
                prefills.Add(prefill);
                decodes.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }

            void Add(int row, int position, bool logits) => batch.Add(random.Next(300, weights.Vocab.Count - 1), position, (LLamaSeqId)row, logits);

            void Run()
            {
                if (context.NativeHandle.Decode(batch) is not DecodeResult.Ok and var result)
                {
                    throw new InvalidOperationException($"llama.cpp: {result}");
                }

                batch.Clear();
            }
        }

        return (rows * Prompt / Median(prefills), rows * New / Median(decodes));
    }

    private static double Median(List<double> seconds) => seconds.Order().ElementAt(seconds.Count / 2);
}
