using System.Diagnostics;
using System.Globalization;
using System.Text;
using Rlt.Evaluation;
using Rlt.Models;
using Rlt.Models.Adapters;
using Rlt.Teaching;
using Rlt.Teaching.Collection;
using Rlt.Teaching.Rewards;
using Rlt.Tests.Data;
using Rlt.Tests.Text.Tokenization;
using Rlt.Tests.Training;
using Rlt.Training.Sft;
using Rlt.Training.Teacher;
using Xunit.Abstractions;

namespace Rlt.Tests.Hostile;

/// <summary>
/// Every reader of files on thousands of damaged ones: each is read, or refused by an error of ours; nothing crashes, hangs, or takes memory
/// out of proportion to the file. RLT_FUZZ_CASES is the number of cases over all readers, RLT_FUZZ_SEED chooses others.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output) : IDisposable
{
    private const int DefaultCases = 3000;

    // Far above what any of the good files takes, in time and in memory.
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(30);
    private const int LongestWaitSeconds = 600;
    private const long AllowedBytes = 128 << 20;
    private const long AllowedBytesPerByte = 2000;

    private readonly ScratchDirectory _scratch = new();
    private readonly TrainingRun _run = new();

    public void Dispose()
    {
        _run.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public void Read_DamagedFiles_AreReadOrRefused()
    {
        HostileReader[] readers = Readers();
        try
        {
            int cases = Setting("RLT_FUZZ_CASES", DefaultCases), seed = Setting("RLT_FUZZ_SEED", 1);
            int weights = readers.Sum(reader => reader.Weight);
            var failures = new List<string>();
            foreach (HostileReader reader in readers)
            {
                string good = Directory.CreateDirectory(_scratch[$"{reader} good"]).FullName;
                Write(reader, good);
                reader.Read(good);
                Run(reader, (cases * reader.Weight / weights) + 1, seed, failures);
            }

            Assert.True(failures.Count == 0, $"{failures.Count} kinds of failure:\n{string.Join('\n', failures)}");
        }
        finally
        {
            foreach (IDisposable reader in readers.OfType<IDisposable>())
            {
                reader.Dispose();
            }
        }
    }

    private HostileReader[] Readers()
    {
        string configs = Path.Combine(Golden.RepositoryRoot, "configs");
        using (LanguageModel adapted = LanguageModel.LoadToTrain(_run.Model, TinyDirectory.Device, new LoraConfig { Rank = 2 }, 0))
        {
            adapted.Save(_scratch["adapters"]);
        }

        _run.RunSft("run", _run.Sft with { Steps = 3, SaveEvery = 2 });
        byte[] tokenizerConfig = """{"eos_token":"a","bos_token":{"content":"a"},"model_max_length":1e30}"""u8.ToArray();
        string parts = TestTokenizer.File(
            """{"type":"BPE","vocab":{"a":0,"b":1,"ab":2,"<0x41>":3,"é":4},"merges":["a b"],"byte_fallback":true,"unk_token":"a","fuse_unk":true}""",
            """{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"▁"},{"type":"Lowercase"},{"type":"Prepend","prepend":"_"}]}""",
            """{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"(?i:'s|'t)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},"behavior":"Isolated","invert":false},{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}]}""",
            """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"a","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],"special_tokens":{"a":{"id":"a","ids":[0],"tokens":["a"]}}}""",
            """{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}""",
            """[{"id":5,"content":"<|im_start|>","special":true,"lstrip":true},{"id":6,"content":"x","normalized":true,"single_word":true}]""").ToJsonString();
        const string Rows = """
            {"question": "2 + 3?", "solution": "5", "explanation": "add", "answer": 5, "system": "s", "text": "t", "id": 1e2}
            {"conversations": [{"from": "user", "value": "q"}, {"from": "assistant", "value": "<t>\nold</t>\n<s>\\boxed{5}</s>"}], "system": "think"}
            {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}

            """;
        string template = "{%- set ns = namespace(n=0) -%}{% for m in messages if m.role != 'x' %}{% set ns.n = ns.n + 1 %}{% macro f(a, b=2) %}{{ a ~ b }}{% endmacro %}"
            + "{{ '<|im_start|>' + m['role'] + '\\n' + (m.content.split('</think>')[-1].lstrip('\\n') | trim) + (1.5 | round(1) | string) + '<|im_end|>\\n' }}{{ f(loop.index0) }}"
            + "{{ m.content[1:-1:2] | replace('a', 'b') | upper | tojson(indent=2) }}{{ [3, 1, 2] | sort | join(',') }}{{ {'a': 1} | items | list }}{{ 7 // 2 ** 3 }}{% else %}none{% endfor %}"
            + "{% if add_generation_prompt and not (tools is defined and tools) %}{{ bos_token }}{{ strftime_now('%d %b %Y') }}{% elif eos_token in 'x' %}{{ raise_exception('no') }}{% endif %}";
        return
        [
            new SafetensorsReader(), new IndexReader(), new ModelReader(_run.Model), new AdapterReader(_run.Model, _scratch["adapters"]),
            new TokenizerReader("TokenizerReader of every part", Encoding.UTF8.GetBytes(parts), tokenizerConfig, 20),
            new TokenizerReader("TokenizerReader of a small world", File.ReadAllBytes(Path.Combine(Golden.RepositoryRoot, "data/small/base/tokenizer.json")), "{}"u8.ToArray(), 5),
            new TemplateReader(template),
            new ConfigReader<TeacherConfig>(Path.Combine(configs, "paper/teacher.yaml")), new ConfigReader<SftConfig>(Path.Combine(configs, "paper/distill-32b-lora.yaml")),
            new ConfigReader<CollectConfig>(Path.Combine(configs, "small/collect.yaml")), new ConfigReader<EvalConfig>(Path.Combine(configs, "small/eval.yaml")),
            new ConfigReader<PromptFormat>(Path.Combine(configs, "formats/stratos.yaml")), new ConfigReader<RewardOptions>(Path.Combine(configs, "rewards/paper.yaml")),
            new DataReader("rows.jsonl", Rows), new DataReader("rows.json", "{\"data\": [\n" + Rows.TrimEnd('\n').Replace("\n", ",\n", StringComparison.Ordinal) + "]}"),
            new DataReader("rows.csv", "question,solution,explanation,answer\n2 + 3?,5,\"add,\n \"\"them\"\"\",5\n4 + 4?,8,twice four,8\n"),
            new CheckpointReader(_run.Model, _run["run"]), new TracesReader(), new EvaluationReader(), new ResultsReader(),
        ];
    }

    private void Run(HostileReader reader, int cases, int seed, List<string> failures)
    {
        string directory = Directory.CreateDirectory(_scratch[$"{reader}"]).FullName;
        var seen = new HashSet<string>();
        var clock = Stopwatch.StartNew();
        TimeSpan longest = default;
        for (int i = 0; i < cases; i++)
        {
            var mutator = new Mutator(unchecked((seed * 1_000_003) + i));
            string[] names = [.. reader.Files.Keys];
            string name = names[mutator.Next(names.Length)];
            byte[] damaged = reader.Damage(name, reader.Files[name], mutator);
            Write(reader, directory);
            File.WriteAllBytes(Path.Combine(directory, name), damaged);
            TimeSpan before = clock.Elapsed;
            string? failure = Failure(reader, directory, damaged.Length);
            longest = TimeSpan.FromTicks(Math.Max(longest.Ticks, (clock.Elapsed - before).Ticks));
            if (failure is not null && seen.Add(string.Join('\n', failure.Split('\n').Take(2))))
            {
                string kept = Path.Combine(Path.GetTempPath(), $"rlt-fuzz-{reader}-{i}-{Path.GetFileName(name)}".Replace(' ', '-'));
                File.WriteAllBytes(kept, damaged);
                failures.Add($"{reader}, case {i} of seed {seed}, {name} ({kept}): {failure}");
            }
        }

        output.WriteLine(FormattableString.Invariant($"{reader}: {cases} cases in {clock.Elapsed.TotalSeconds:F1} s, the longest {longest.TotalMilliseconds:F0} ms"));
    }

    private static void Write(HostileReader reader, string directory)
    {
        if (!Directory.EnumerateFileSystemEntries(directory).Any())
        {
            reader.Prepare(directory);
        }

        foreach ((string name, byte[] content) in reader.Files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(directory, name))!);
            File.WriteAllBytes(Path.Combine(directory, name), content);
        }
    }

    // A thread of its own, as small as any that the product may run on, so that a hang can be told and a deep recursion shows.
    private static string? Failure(HostileReader reader, string directory, int length)
    {
        Exception? thrown = null;
        long allocated = 0;
        var thread = new Thread(
            () =>
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                thrown = Record.Exception(() => reader.Read(directory));
                allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            },
            maxStackSize: 1 << 20) { IsBackground = true };
        TimeSpan before = Environment.CpuUsage.TotalTime;
        thread.Start();
        for (int waits = 0; !thread.Join(TimeSpan.FromSeconds(1)); waits++)
        {
            // By the processor's time: a machine may stop a process for long. One that only waits, for a pipe, is told by the clock.
            if (Environment.CpuUsage.TotalTime - before > Hang || waits > LongestWaitSeconds)
            {
                return $"does not end within {Hang.TotalSeconds} s";
            }
        }

        return thrown is not (null or RltException) ? $"{thrown.GetType().Name}: {thrown.Message}\n{thrown.StackTrace}"
            : allocated > AllowedBytes + (AllowedBytesPerByte * length) ? $"took {allocated >> 20} MiB for a file of {length} bytes"
            : null;
    }

    private static int Setting(string variable, int missing) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : missing;
}
