using System.Text;

namespace Rlt.Peers;

/// <summary>A Qwen2 of random weights with tied embeddings as a GGUF file, version 3 (the format: github.com/ggml-org/ggml/blob/master/docs/gguf.md).</summary>
internal static class RandomGguf
{
    private const int Alignment = 32;
    private const int GgmlFloat32 = 0;
    private const int GgmlBf16 = 30;
    private const int ControlToken = 3;

    public static void Write(string file, PeerShape shape, bool bf16)
    {
        (string Name, long[] Shape, bool Wide)[] tensors = [.. Tensors(shape)];
        using var writer = new BinaryWriter(File.Create(file + ".part"), Encoding.UTF8);
        List<Action> pairs = [.. Pairs(writer, shape, bf16)];
        writer.Write("GGUF"u8);
        writer.Write(3);
        writer.Write((long)tensors.Length);
        writer.Write((long)pairs.Count);
        pairs.ForEach(pair => pair());
        long offset = 0;
        foreach ((string name, long[] sizes, bool wide) in tensors)
        {
            Text(writer, name);
            writer.Write(sizes.Length);
            foreach (long size in sizes.Reverse())  // the fastest first
            {
                writer.Write(size);
            }

            writer.Write(wide || !bf16 ? GgmlFloat32 : GgmlBf16);
            writer.Write(offset);
            offset += Padded(Count(sizes) * (wide || !bf16 ? 4 : 2));
        }

        Pad(writer);
        var random = new Random(0);
        foreach ((string name, long[] sizes, bool wide) in tensors)
        {
            for (long i = 0; i < Count(sizes); i++)
            {
                float value = name.EndsWith("norm.weight", StringComparison.Ordinal) ? 1 : (random.NextSingle() - 0.5f) * 0.07f;
                if (wide || !bf16)
                {
                    writer.Write(value);
                }
                else
                {
                    writer.Write((ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
                }
            }

            Pad(writer);
        }

        writer.Close();
        File.Move(file + ".part", file, overwrite: true);
    }

    private static IEnumerable<(string Name, long[] Shape, bool Wide)> Tensors(PeerShape shape)
    {
        long width = shape.HiddenSize, inner = shape.IntermediateSize, queries = (long)shape.HeadCount * shape.HeadSize, keys = (long)shape.KeyValueHeadCount * shape.HeadSize;
        yield return ("token_embd.weight", [shape.VocabularySize, width], false);
        yield return ("output_norm.weight", [width], true);
        for (int layer = 0; layer < shape.LayerCount; layer++)
        {
            foreach ((string name, long[] sizes) in (IEnumerable<(string, long[])>)
            [
                ("attn_norm", [width]), ("ffn_norm", [width]), ("attn_q", [queries, width]), ("attn_k", [keys, width]), ("attn_v", [keys, width]),
                ("attn_output", [width, queries]), ("ffn_gate", [inner, width]), ("ffn_up", [inner, width]), ("ffn_down", [width, inner]),
            ])
            {
                yield return ($"blk.{layer}.{name}.weight", sizes, sizes.Length == 1);
            }

            foreach ((string name, long size) in (IEnumerable<(string, long)>)[("attn_q", queries), ("attn_k", keys), ("attn_v", keys)])
            {
                yield return ($"blk.{layer}.{name}.bias", [size], true);
            }
        }
    }

    // The metadata that llama.cpp asks of a Qwen2, with a vocabulary of bytes and made-up tokens.
    private static IEnumerable<Action> Pairs(BinaryWriter writer, PeerShape shape, bool bf16)
    {
        yield return () => String("general.architecture", "qwen2");
        yield return () => UInt32("general.file_type", bf16 ? 32u : 0u);
        yield return () => UInt32("qwen2.context_length", 131_072);
        yield return () => UInt32("qwen2.embedding_length", (uint)shape.HiddenSize);
        yield return () => UInt32("qwen2.block_count", (uint)shape.LayerCount);
        yield return () => UInt32("qwen2.feed_forward_length", (uint)shape.IntermediateSize);
        yield return () => UInt32("qwen2.attention.head_count", (uint)shape.HeadCount);
        yield return () => UInt32("qwen2.attention.head_count_kv", (uint)shape.KeyValueHeadCount);
        yield return () => Float32("qwen2.rope.freq_base", (float)shape.RopeTheta);
        yield return () => Float32("qwen2.attention.layer_norm_rms_epsilon", (float)shape.NormEpsilon);
        yield return () => String("tokenizer.ggml.model", "gpt2");
        yield return () => String("tokenizer.ggml.pre", "qwen2");
        yield return () => Array("tokenizer.ggml.tokens", 8, Tokens(shape.VocabularySize).ToArray(), token => Text(writer, token));
        yield return () => Array("tokenizer.ggml.token_type", 5, [.. Enumerable.Range(1, shape.VocabularySize)], i => writer.Write(i == shape.VocabularySize ? ControlToken : 1));
        yield return () => Array("tokenizer.ggml.merges", 8, ["a b"], merge => Text(writer, merge));
        yield return () => UInt32("tokenizer.ggml.eos_token_id", (uint)shape.VocabularySize - 1);

        void Key(string key, int type)
        {
            Text(writer, key);
            writer.Write(type);
        }

        void UInt32(string key, uint value)
        {
            Key(key, 4);
            writer.Write(value);
        }

        void Float32(string key, float value)
        {
            Key(key, 6);
            writer.Write(value);
        }

        void String(string key, string value)
        {
            Key(key, 8);
            Text(writer, value);
        }

        void Array<T>(string key, int type, T[] items, Action<T> write)
        {
            Key(key, 9);
            writer.Write(type);
            writer.Write((long)items.Length);
            System.Array.ForEach(items, write);
        }
    }

    // The 256 bytes by GPT-2's printable names, then made-up tokens and the end of text.
    private static IEnumerable<string> Tokens(int count)
    {
        int others = 256;
        var bytes = Enumerable.Range(0, 256).Select(b => b is (>= 33 and < 127) or (>= 161 and < 173) or (>= 174 and < 256) ? b : others++);
        return bytes.Select(point => ((char)point).ToString()).Concat(Enumerable.Range(256, count - 257).Select(i => $"<t{i}>")).Append("<|endoftext|>");
    }

    private static void Text(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((long)bytes.Length);
        writer.Write(bytes);
    }

    private static void Pad(BinaryWriter writer)
    {
        writer.Flush();
        writer.Write(new byte[Padded(writer.BaseStream.Position) - writer.BaseStream.Position]);
    }

    private static long Padded(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    private static long Count(long[] sizes) => sizes.Aggregate(1L, (product, size) => product * size);
}
