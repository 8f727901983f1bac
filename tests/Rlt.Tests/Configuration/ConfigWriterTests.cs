using Rlt.Configuration;
using Rlt.Tests.Data;

namespace Rlt.Tests.Configuration;

public sealed class ConfigWriterTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void ToYaml_EveryKind_IsReadableYaml()
    {
        var config = new SampleConfig
        {
            Model = "models/a b",
            Optim = new SampleOptim(1e-6),
            Note = "two\nlines: \"quoted\"",
            Loss = SampleLoss.DrGrpo,
            Tags = ["a", "b,c", "12"],
            Stages = [new SampleStage { Name = "x" }],
        };

        Assert.Equal(
            """
            model: models/a b
            optim:
              learning_rate: 1e-06
              group_size: 64
              weight_decay: 0
            steps: 125
            seed: 0
            beta: 0.04
            note: "two\nlines: \"quoted\""
            resume: true
            loss: dr_grpo
            coefficients: [1, 0.01]
            tags: [a, "b,c", "12"]
            stages:
              -
                name: x
                rounds: null

            """,
            ConfigWriter.ToYaml(config));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" leading and trailing ")]
    [InlineData("null")]
    [InlineData("~")]
    [InlineData("True")]
    [InlineData("1e-6")]
    [InlineData("0x10")]
    [InlineData(".inf")]
    [InlineData("...")]
    [InlineData("---")]
    [InlineData("- item")]
    [InlineData("key: value")]
    [InlineData("a # b")]
    [InlineData("a\n\n  b\n")]
    [InlineData("\t\r\n\u0001\u0085\u2028\u2029\ufeff\uffff")]
    [InlineData("C:\\path\\n \"x\" 'y'")]
    [InlineData("日本語 é 🙂")]
    [InlineData("<|im_start|>system\n{{ x }} %d @ ! & * [a] {b}")]
    [InlineData("a, b")]
    public void ToYaml_AnyText_LoadsBackEqual(string text)
    {
        var config = new SampleConfig { Model = text, Note = text, Optim = new SampleOptim(1), Tags = [text, text], Stages = [new() { Name = text, Rounds = 1 }] };

        SampleConfig loaded = RoundTrip(config);

        Assert.Equal((text, text), (loaded.Model, loaded.Note));
        Assert.Equal([text, text], loaded.Tags);
        Assert.Equal(config.Stages, loaded.Stages);
    }

    [Theory]
    [InlineData(1e-6)]
    [InlineData(0.1)]
    [InlineData(1.0 / 3)]
    [InlineData(5e-324)]
    [InlineData(-1.7976931348623157e308)]
    [InlineData(1e21)]
    public void ToYaml_AnyNumber_LoadsBackBitEqual(double number)
    {
        var config = new SampleConfig { Model = "m", Optim = new SampleOptim(number), Beta = null, Seed = long.MinValue, Coefficients = [number], Resume = false };

        SampleConfig loaded = RoundTrip(config);

        Assert.Equal(config, loaded with { Coefficients = config.Coefficients, Tags = config.Tags, Stages = config.Stages });
        Assert.Equal([number], loaded.Coefficients);
    }

    private SampleConfig RoundTrip(SampleConfig config) =>
        ConfigLoader.Load<SampleConfig>(_scratch.Write("c.yaml", ConfigWriter.ToYaml(config)), []);
}
