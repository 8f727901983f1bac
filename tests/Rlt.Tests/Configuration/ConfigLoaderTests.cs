using Rlt.Configuration;
using Rlt.Tests.Data;

namespace Rlt.Tests.Configuration;

public sealed class ConfigLoaderTests : IDisposable
{
    private const string Minimal = "model: m\noptim:\n  learning_rate: 1e-6\n";
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Load_EveryKind_ValuesAreTyped()
    {
        SampleConfig config = Load("""
            # a comment
            model: models/Qwen2.5-7B   # another
            seed: 9000000000
            steps: +10
            beta: 1
            note: "125"
            resume: false
            loss: dr_grpo
            coefficients: [3, 0.03, .5, 1.]
            tags: [a b, 'true', "x\ny"]
            optim:
              learning_rate: 1e-6
              weight_decay: -1.5E+2
            stages:
              - name: warm-up
              - {name: main, rounds: 3}
            """);

        Assert.Equal(("models/Qwen2.5-7B", 9_000_000_000, 10, 1.0, "125", false), (config.Model, config.Seed, config.Steps, config.Beta, config.Note, config.Resume));
        Assert.Equal(SampleLoss.DrGrpo, config.Loss);
        Assert.Equal([3, 0.03, 0.5, 1], config.Coefficients);
        Assert.Equal(["a b", "true", "x\ny"], config.Tags);
        Assert.Equal(new SampleOptim(1e-6) { WeightDecay = -150 }, config.Optim);
        Assert.Equal([new SampleStage { Name = "warm-up" }, new SampleStage { Name = "main", Rounds = 3 }], config.Stages);
    }

    [Fact]
    public void Load_MissingOptionalKeys_TakeTheRecordsDefaults()
    {
        SampleConfig config = Load(Minimal);
        Assert.Equal((125, 0.04, null, true, 64), (config.Steps, config.Beta, config.Note, config.Resume, config.Optim.GroupSize));
        Assert.Equal([1, 0.01], config.Coefficients);
    }

    [Theory]
    [InlineData("beta:")]
    [InlineData("beta: ~")]
    [InlineData("beta: null")]
    public void Load_NullForANullableKey_IsNull(string line) => Assert.Null(Load(Minimal + line).Beta);

    [Theory]
    [InlineData("loss: drgrpo", "DrGrpo")]
    [InlineData("loss: bf16", "BF16")]
    [InlineData("loss: 'grpo'", "Grpo")]
    public void Load_EnumNames_SnakeCaseAndLowerCase(string line, string expected) => Assert.Equal(expected, Load(Minimal + line).Loss.ToString());

    [Theory]
    [InlineData("stpes: 3", "stpes is not a known key; did you mean 'steps'?")]
    [InlineData("step: 3", "step is not a known key; did you mean 'steps'?")]
    [InlineData("coeficents: 3", "coeficents is not a known key; did you mean 'coefficients'?")]
    [InlineData("learningRate: 3", "learningRate is not a known key; expected one of model")]
    [InlineData("total: 3", "total is not a known key; expected one of model, optim, steps,")]
    [InlineData("weight_decay: 3", "weight_decay is not a known key; did you mean 'optim.weight_decay'?")]
    [InlineData("Steps: 3", "Steps is not a known key; did you mean 'steps'?")]
    [InlineData("steps: 1.5", "steps is '1.5'; expected a whole number from -2147483648 to 2147483647.")]
    [InlineData("steps: 1e3", "steps is '1e3'; expected a whole number")]
    [InlineData("steps: 3000000000", "steps is '3000000000'; expected a whole number")]
    [InlineData("steps: '3'", "steps is '3'; expected a whole number")]
    [InlineData("steps: many", "steps is 'many'; expected a whole number")]
    [InlineData("steps:", "steps is empty; expected a whole number")]
    [InlineData("steps: [3]", "steps is a list; expected a whole number")]
    [InlineData("steps: {a: 3}", "steps is a section; expected a whole number")]
    [InlineData("seed: 99999999999999999999", "seed is '99999999999999999999'; expected a whole number of 64 bits.")]
    [InlineData("beta: .inf", "beta is '.inf'; expected a finite number.")]
    [InlineData("beta: 1e999", "beta is '1e999'; expected a finite number.")]
    [InlineData("beta: 1_000.0", "beta is '1_000.0'; expected a finite number.")]
    [InlineData("resume: yes", "resume is 'yes'; expected true or false.")]
    [InlineData("resume: True", "resume is 'True'; expected true or false.")]
    [InlineData("resume: 1", "resume is '1'; expected true or false.")]
    [InlineData("note: 12", "note is '12'; expected a text. Write \"12\" in quotes where a text is meant.")]
    [InlineData("note: true", "note is 'true'; expected a text.")]
    [InlineData("loss: ppo", "loss is 'ppo'; expected one of grpo, dr_grpo, bf16.")]
    [InlineData("loss: 0", "loss is '0'; expected one of grpo")]
    [InlineData("coefficients: 3", "coefficients is '3'; expected a list, each item a finite number.")]
    [InlineData("coefficients: [1, x]", "coefficients[1] is 'x'; expected a finite number.")]
    [InlineData("tags: [a, ]\nstages: [3]", "stages[0] is '3'; expected a section with name, rounds.")]
    [InlineData("tags: [~]", "tags[0] is empty; expected a text.")]
    public void Load_UnusableLine_SaysFileLineKeyAndExpectation(string line, string expected)
    {
        string message = Error(Minimal + line);
        int at = 4 + line.Count(c => c == '\n');
        Assert.StartsWith($"{_scratch["c.yaml"]}:{at}: {expected}", message, StringComparison.Ordinal);
        Assert.DoesNotContain(Environment.NewLine, message);
    }

    [Theory]
    [InlineData("model: m\n", "c.yaml: optim is missing; expected a section with learning_rate, group_size, weight_decay.")]
    [InlineData("model: m\noptim:\n", "c.yaml:2: optim is empty; expected a section with learning_rate")]
    [InlineData("model: m\noptim:\n  group_size: 3\n", "c.yaml:2: optim.learning_rate is missing; expected a finite number.")]
    [InlineData("model:\noptim: {learning_rate: 1}\n", "c.yaml:1: model is empty; expected a text.")]
    [InlineData("- a\n", "c.yaml:1: the file holds a list; expected keys and values.")]
    [InlineData("model: [\n", "not valid YAML: ")]
    [InlineData("model: m\n  optim: 3\n", "c.yaml:2: not valid YAML: ")]
    [InlineData("model: &a m\noptim: *a\n", "c.yaml:1: anchors (&), aliases (*) and tags (!) are not supported")]
    [InlineData("model: !!str 3\n", "c.yaml:1: anchors (&), aliases (*) and tags (!) are not supported")]
    [InlineData("? [a]\n: 3\n", "c.yaml:1: expected a plain key before the colon.")]
    [InlineData("model: m\n---\nmodel: n\n", "c.yaml:2: a second document begins here; expected one document.")]
    public void Load_UnusableFile_SaysWhere(string yaml, string expected) => Assert.Contains(expected, Error(yaml), StringComparison.Ordinal);

    [Fact]
    public void Load_DeeplyNested_IsRefused() =>
        Assert.Contains("nested more than 32 deep", Error("tags: " + new string('[', 10_000)), StringComparison.Ordinal);

    [Fact]
    public void Load_InvalidUtf8_IsRefused()
    {
        File.WriteAllBytes(_scratch["c.yaml"], [(byte)'a', (byte)':', 0xff]);
        Assert.Contains("c.yaml: cannot be read: ", Error(null), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_AbsentFile_SaysSo() => Assert.Contains("c.yaml: cannot be read: ", Error(null), StringComparison.Ordinal);

    [Fact]
    public void Load_SeveralProblems_AllAreReportedAtTheirLines()
    {
        string[] lines = Error("model: 3\nsteps: 1\nsteps: 2\noptim:\n  lerning_rate: 1\n").Split(Environment.NewLine);

        string file = _scratch["c.yaml"];
        Assert.Equal(
            [
                $"{file}:3: steps is given twice, first at {file}:2; keep one of them.",
                $"{file}:1: model is '3'; expected a text. Write \"3\" in quotes where a text is meant.",
                $"{file}:5: optim.lerning_rate is not a known key; did you mean 'learning_rate'?",
                $"{file}:4: optim.learning_rate is missing; expected a finite number.",
            ],
            lines);
    }

    [Fact]
    public void Load_ValidatedRecords_ProblemsHaveTheLineOfTheirKeyOrSection()
    {
        string[] lines = Error("steps: 0\nbeta: 2\nmodel: m\noptim:\n  group_size: 1\n  learning_rate: 1\nstages:\n  - name: a\n  - name: b\n    rounds: 0\n").Split(Environment.NewLine);

        string file = _scratch["c.yaml"];
        Assert.Equal(
            [
                $"{file}:1: steps is 0; expected at least 1.",
                $"{file}:6: optim.learning_rate is too high for this beta.",
                $"{file}:5: optim.group_size is 1; GRPO needs at least 2 samples per question.",
                $"{file}:10: stages[1].rounds is 0; expected more.",
            ],
            lines);
    }

    [Fact]
    public void Load_Overrides_AreTypedAndWinInOrder()
    {
        SampleConfig config = Load(
            Minimal, "optim.learning_rate=2e-6", "coefficients=[1,2]", "tags=['a, b', c]", "steps=1", "steps=2", "note=a: b # c = d", "beta=", "model=\"7\"");

        Assert.Equal((2e-6, 2, "a: b # c = d", null, "7"), (config.Optim.LearningRate, config.Steps, config.Note, config.Beta, config.Model));
        Assert.Equal([1, 2], config.Coefficients);
        Assert.Equal(["a, b", "c"], config.Tags);
    }

    [Fact]
    public void Load_NoFile_OverridesAloneMakeTheConfig()
    {
        SampleConfig config = ConfigLoader.Load<SampleConfig>(null, ["model=m", "optim.learning_rate=1"]);
        Assert.Equal((1.0, 64), (config.Optim.LearningRate, config.Optim.GroupSize));
        Assert.Equal(
            "missing: optim.learning_rate. Give it by --set KEY=VALUE, an option of the same name, or in --config FILE.",
            Assert.Throws<ConfigException>(() => ConfigLoader.Load<SampleConfig>(null, ["model=m"])).Message);
    }

    [Theory]
    [InlineData("steps=abc", "--set steps=abc: steps is 'abc'; expected a whole number")]
    [InlineData("optim.grup_size=4", "--set optim.grup_size=4: optim.grup_size is not a known key; did you mean 'group_size'?")]
    [InlineData("optim.group-size=4", "--set optim.group-size=4: optim.group-size is not a known key; did you mean 'group_size'?")]
    [InlineData("optim.groupSize=4", "--set optim.groupSize=4: optim.groupSize is not a known key; did you mean 'group_size'?")]
    [InlineData("optim.group_size=1", "--set optim.group_size=1: optim.group_size is 1; GRPO needs")]
    [InlineData("model=", "--set model=: model is empty; expected a text.")]
    [InlineData("steps.x=1", "--set steps.x=1: steps is a section; expected a whole number")]
    [InlineData("optim=1", "--set optim=1: optim is '1'; expected a section with")]
    [InlineData("tags=[a", "--set tags=[a: not valid YAML: ")]
    [InlineData("steps", "--set steps: expected KEY=VALUE")]
    [InlineData("=3", "--set =3: expected KEY=VALUE")]
    [InlineData("a..b=3", "--set a..b=3: expected KEY=VALUE")]
    public void Load_UnusableOverride_NamesTheOption(string text, string expected) =>
        Assert.StartsWith(expected, Error(Minimal, text), StringComparison.Ordinal);

    [Fact]
    public void Load_OverrideIntoASection_KeepsTheSectionsPlaceForItsOtherKeys() =>
        Assert.Equal($"{_scratch["c.yaml"]}:2: optim.learning_rate is missing; expected a finite number.",
            Error("model: m\noptim:\n  group_size: 3\n", "optim.weight_decay=1"));

    [Fact]
    public void Load_BaseFile_KeysOverrideSectionBySection()
    {
        Directory.CreateDirectory(_scratch["sub"]);
        _scratch.Write("root.yaml", "model: root\nsteps: 1\ntags: [a, b]\noptim:\n  learning_rate: 1\n  group_size: 8\n");
        _scratch.Write("sub/middle.yaml", "base: ../root.yaml\nsteps: 2\noptim:\n  learning_rate: 2\n");

        SampleConfig config = Load("base: sub/middle.yaml\ntags: [c]\n");

        Assert.Equal(("root", 2, new SampleOptim(2, 8)), (config.Model, config.Steps, config.Optim));
        Assert.Equal(["c"], config.Tags);
    }

    [Fact]
    public void Load_ProblemInABaseFile_IsReportedThere()
    {
        _scratch.Write("root.yaml", "model: m\noptim: {learning_rate: x}\n");
        Assert.StartsWith($"{_scratch["root.yaml"]}:2: optim.learning_rate is 'x'", Error("base: root.yaml\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("base: c.yaml\n", ":1: base is 'c.yaml', which is built on this file")]
    [InlineData("base: other.yaml\n", "other.yaml:1: base is 'c.yaml', which is built on this file")]
    [InlineData("model: m\nbase: gone.yaml\n", "c.yaml:2: base is 'gone.yaml', and ")]
    [InlineData("base: [a]\n", "c.yaml:1: base is a list; expected the path of another config")]
    [InlineData("base: 3\n", "c.yaml:1: base is '3'; expected the path")]
    [InlineData("base: ''\n", "c.yaml:1: base is ''; expected the path")]
    public void Load_UnusableBase_SaysWhy(string yaml, string expected)
    {
        _scratch.Write("other.yaml", "base: c.yaml\n");
        Assert.Contains(expected, Error(yaml), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ManyMutations_GivesAConfigOrAConfigError()
    {
        const string puts = "01{}[]\"',:-e\\.\n\t #&*!|>%@`?~\0é";
        var random = new Random(20250103);
        const string sound = "model: m # c\nsteps: 3\nnote: \"a\\n\"\ntags: [a, 'b']\noptim:\n  learning_rate: 1e-6\nstages:\n  - name: x\n";
        int accepted = 0;
        for (int round = 0; round < 600; round++)
        {
            var text = new System.Text.StringBuilder(sound);
            for (int edits = random.Next(1, 4); edits > 0; edits--)
            {
                int at = random.Next(text.Length);
                char put = puts[random.Next(puts.Length)];
                _ = random.Next(3) switch
                {
                    0 => text.Insert(at, put),
                    1 => text.Remove(at, 1),
                    _ => text.Replace(text[at], put, at, 1),
                };
            }

            try
            {
                Assert.NotNull(Load(text.ToString()).Model);
                accepted++;
            }
            catch (ConfigException error)
            {
                Assert.StartsWith(_scratch["c.yaml"], error.Message, StringComparison.Ordinal);
            }
        }

        Assert.InRange(accepted, 30, 570);
    }

    [Fact]
    public void AllKeys_NestedRecords_AreDotted() => Assert.Equal(
        "model optim.learning_rate optim.group_size optim.weight_decay steps seed beta note resume loss coefficients tags stages",
        string.Join(' ', ConfigSchema.AllKeys(typeof(SampleConfig))));

    private SampleConfig Load(string yaml, params string[] overrides) => ConfigLoader.Load<SampleConfig>(_scratch.Write("c.yaml", yaml), overrides);

    private string Error(string? yaml, params string[] overrides)
    {
        string path = yaml is null ? _scratch["c.yaml"] : _scratch.Write("c.yaml", yaml);
        return Assert.Throws<ConfigException>(() => ConfigLoader.Load<SampleConfig>(path, overrides)).Message;
    }
}
