using System.CommandLine;
using Rlt.Data;
using Rlt.Models;

namespace Rlt.Cli.Commands.Tools;

/// <summary><c>rlt logprobs</c>: the log-probability of each token of rows.</summary>
internal static class LogProbsCommand
{
    public static Command Create()
    {
        var command = new Command("logprobs", "Log-probabilities of the tokens of rows {ids} or {text}: element i is ln p(ids[i+1] | ids[..i]).");
        Option<string> model = SharedOptions.Required("--model", "a Hugging Face model directory or Hub id");
        Option<string> output = SharedOptions.Required("--output", "the JSONL file to write: the rows with 'logprobs'");
        var temperature = new Option<double>("--temperature") { Description = "divides the logits", DefaultValueFactory = _ => 1.0 };
        var budget = new Option<int>("--token-budget") { Description = "padded tokens in one pass", DefaultValueFactory = _ => 16384 };
        var input = new InputOptions(command);
        command.Takes(model, output, temperature, budget);
        var device = new DeviceOptions(command);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(temperature) <= 0)
            {
                throw new ConfigException($"--temperature is {parsed.GetValue(temperature)}; expected more than 0");
            }

            JsonRow[] rows = [.. input.Rows(parsed)];
            using LanguageModel loaded = Startup.Load(parsed.GetValue(model)!, device.Resolve(parsed));
            TokenSequence[] sequences = [.. rows.Select(row => new TokenSequence(PromptIds.Of(row, loaded), 1))];
            float[][] logProbs = SequenceScorer.LogProbs(loaded.Decoder, sequences, parsed.GetValue(temperature), parsed.GetValue(budget));
            JsonLines.Write(parsed.GetValue(output)!, rows.Select((row, i) =>
            {
                row.Fields["logprobs"] = JsonArrays.Of(logProbs[i]);
                return row.Fields;
            }));
        });
        return command;
    }
}
