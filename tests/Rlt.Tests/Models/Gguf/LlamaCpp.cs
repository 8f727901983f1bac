using System.Runtime.InteropServices;
using LLama;
using LLama.Common;
using LLama.Native;

namespace Rlt.Tests.Models.Gguf;

/// <summary>A test that needs llama.cpp's library, which runs on processors with AVX2 under Linux.</summary>
internal sealed class LlamaFactAttribute : FactAttribute
{
    public LlamaFactAttribute() => Skip = LlamaCpp.Absent;
}

/// <inheritdoc cref="LlamaFactAttribute"/>
internal sealed class LlamaTheoryAttribute : TheoryAttribute
{
    public LlamaTheoryAttribute() => Skip = LlamaCpp.Absent;
}

/// <summary>llama.cpp, as LLamaSharp's package has it.</summary>
internal static class LlamaCpp
{
    private const int Context = 512;

    /// <summary>Why it cannot be used here; null where it can.</summary>
    public static string? Absent { get; } = Start();

    /// <summary>The likeliest token after a prompt, again and again, with the logits of the first.</summary>
    public static (int[] Ids, float[] Logits) Greedy(string file, int[] prompt, int count)
    {
        var parameters = new ModelParams(file)
        {
            ContextSize = Context, Threads = 2, BatchThreads = 2, GpuLayerCount = 0, FlashAttention = false,
            TypeK = GGMLType.GGML_TYPE_F32, TypeV = GGMLType.GGML_TYPE_F32,
        };
        using var weights = LLamaWeights.LoadFromFile(parameters);
        using LLamaContext context = weights.CreateContext(parameters);
        var batch = new LLamaBatch();
        float[]? first = null;
        var ids = new List<int>();
        for (int i = 0; i < prompt.Length; i++)
        {
            batch.Add(prompt[i], i, LLamaSeqId.Zero, i == prompt.Length - 1);
        }

        while (ids.Count < count)
        {
            Assert.Equal(DecodeResult.Ok, context.NativeHandle.Decode(batch));
            float[] logits = context.NativeHandle.GetLogitsIth(batch.TokenCount - 1).ToArray();
            first ??= logits;
            ids.Add(Array.IndexOf(logits, logits.Max()));
            batch.Clear();
            batch.Add(ids[^1], prompt.Length + ids.Count - 1, LLamaSeqId.Zero, true);
        }

        return ([.. ids], first!);
    }

    /// <summary>The tokens of a text, with those that the file asks for around it.</summary>
    public static int[] Tokenize(string file, string text)
    {
        using var weights = LLamaWeights.LoadFromFile(new ModelParams(file) { VocabOnly = true });
        return [.. weights.NativeHandle.Tokenize(text, true, true, System.Text.Encoding.UTF8).Select(token => (int)token)];
    }

    /// <summary>The same file with matrices of 8 bits, as llama.cpp makes it.</summary>
    public static void Quantize(string file, string output) =>
        Assert.True(LLamaQuantizer.Quantize(file, output, LLamaFtype.MOSTLY_Q8_0, 2, allowRequantize: true, quantizeOutputTensor: true));

    private static string? Start()
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "llama");
        if (!System.Runtime.Intrinsics.X86.Avx2.IsSupported || !OperatingSystem.IsLinux() || !File.Exists(Path.Combine(folder, "libllama.so")))
        {
            return "llama.cpp's library is not here, or not for this processor";
        }

        foreach (string library in (string[])["libggml-base.so", "libggml-cpu.so", "libggml.so"])
        {
            if (!NativeLibrary.TryLoad(Path.Combine(folder, library), out _))
            {
                return $"{library} of llama.cpp cannot be loaded here";
            }
        }

        NativeLibraryConfig.LLama.WithLibrary(Path.Combine(folder, "libllama.so"));
        NativeLogConfig.llama_log_set((_, _) => { });
        return null;
    }
}
