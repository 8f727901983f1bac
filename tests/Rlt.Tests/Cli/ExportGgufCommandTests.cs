namespace Rlt.Tests.Cli;

/// <summary>export-gguf: the file, and Ollama's Modelfile beside it.</summary>
public sealed class ExportGgufCommandTests : IDisposable
{
    private readonly CommandLine _rlt = new();

    public void Dispose() => _rlt.Dispose();

    [Fact]
    public void Export_WritesTheFileAndOllamasModelfile()
    {
        CommandResult result = _rlt.Run("export-gguf", "--model", "@model", "--out", "@student.gguf", "--type", "bf16");
        Assert.Equal((0, $"export-gguf: 0.1 MiB; {_rlt["student.gguf"]}, {_rlt["student.Modelfile"]}\n"), (result.Exit, result.Errors));
        Assert.Equal(
            """"
            # ollama create NAME -f student.Modelfile
            FROM ./student.gguf
            TEMPLATE """{{ if .System }}<|im_start|>system
            {{ .System }}<|im_end|>
            {{ end }}<|im_start|>user
            {{ .Prompt }}<|im_end|>
            <|im_start|>assistant
            {{ .Response }}<|im_end|>"""
            PARAMETER stop "<|im_end|>"

            """",
            File.ReadAllText(_rlt["student.Modelfile"]));
    }

    [Fact]
    public void Export_OverAFileOrOfAdapters_IsRefused()
    {
        _rlt.Write("there.gguf", "");
        CommandResult there = _rlt.Run("export-gguf", "--model", "@model", "--out", "@there.gguf");
        Assert.Equal((2, $"{_rlt["there.gguf"]} is there already. Choose another --out: nothing is overwritten."), (there.Exit, there.Message));
        Assert.Equal(0, _rlt.Run("distill", "--config", "@sft.yaml", "--set", "lora.rank=2").Exit);
        CommandResult adapters = _rlt.Run("export-gguf", "--model", "@run/model", "--out", "@new.gguf");
        Assert.Equal(
            (2, $"{_rlt["run/model"]} holds LoRA adapters. Make a whole model first: rlt merge --model {_rlt["run/model"]} --out DIR"),
            (adapters.Exit, adapters.Message));
    }
}
