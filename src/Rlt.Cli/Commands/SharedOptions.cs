using System.CommandLine;
using System.Globalization;
using Rlt.Cli.Launching;
using Rlt.Configuration;
using Rlt.Data;
using Rlt.Hub;
using Rlt.Runs;

namespace Rlt.Cli.Commands;

/// <summary>Options that several commands share, always under the same names.</summary>
internal static class SharedOptions
{
    private const string ShardName = "--shard";

    public static Option<string> Required(string name, string description) => new(name) { Description = description, Required = true };

    public static Option<string?> Optional(string name, string description) => new(name) { Description = description };

    /// <summary>A count of at least 1.</summary>
    public static Option<int> Count(string name, string description, int value)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && (!int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out int given) || given < 1))
            {
                result.AddError($"{name} must be a whole number of at least 1");
            }
        });
        return option;
    }

    public static void Takes(this Command command, params ReadOnlySpan<Option> options)
    {
        foreach (Option option in options)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The part of the questions that a command line asks for, as it is written; null where it asks for none.</summary>
    public static string? ShardOf(ParseResult parsed) =>
        parsed.CommandResult.Command.Options.FirstOrDefault(option => option.Name == ShardName) is Option<string?> option ? parsed.GetValue(option) : null;

    /// <summary>Has a command run by a config, on all questions or on a part of them.</summary>
    public static void RunsShards<T>(this Command command, RunOptions options, Action<T, Shard, CancellationToken> run)
        where T : DataRunConfig
    {
        command.Options.Add(Optional(ShardName, "I/N: only the I-th of N parts of the questions, with a run's folder of its own, OUT.shard-I-of-N; "
            + "when all are done, put them together by: rlt merge-shards OUT"));
        command.SetAction((parsed, stop) =>
        {
            DataRunConfig whole = Load<T>(command, options, parsed);
            Shard shard = ShardOf(parsed) is { } text ? Shard.Parse(text) : Shard.Whole;
            run((T)(whole with { Out = shard.Folder(whole.Out) }), shard, stop);
            return Task.FromResult(0);
        });
    }

    /// <summary>Has a command run by a config.</summary>
    public static void Runs<T>(this Command command, RunOptions options, Action<T, CancellationToken> run)
        where T : class => command.SetAction((parsed, stop) =>
    {
        run(Load<T>(command, options, parsed), stop);
        return Task.FromResult(0);
    });

    private static T Load<T>(Command command, RunOptions options, ParseResult parsed)
        where T : class
    {
        StartingLine.Show(command.Name);
        (string? file, string[] overrides) = options.Settings(parsed);
        T config = HubConfig.Located(ConfigLoader.Load<T>(file, overrides, note => Console.Error.WriteLine($"note: {note}")));
        RankAgreement.Require(JoinedRanks.Current, config);
        JoinedRanks.Use((config as DataRunConfig)?.Device ?? new DeviceConfig());
        if (JoinedRanks.Current.Rank > 0)
        {
            StopSignals.Saves(() => "rank 0 says what is kept");
        }

        return config;
    }
}

/// <summary>--device, --dtype, --threads and --seed of a command that runs a model.</summary>
internal sealed class DeviceOptions
{
    private readonly Option<string> _device = new("--device") { Description = "cpu, cuda or cuda:N", DefaultValueFactory = _ => "cpu" };
    private readonly Option<string> _dtype = new("--dtype")
    {
        Description = "fp32, bf16, or auto: as the checkpoint stores its weights, where this machine computes that well", DefaultValueFactory = _ => "auto",
    };

    private readonly Option<int> _threads = new("--threads") { Description = "threads of the CPU's operators; 0: one a core" };
    private readonly Option<long> _seed = new("--seed") { Description = "seeds everything random" };

    public DeviceOptions(Command command)
    {
        command.Takes(_device, _dtype, _threads, _seed);
    }

    public long Seed(ParseResult parsed) => parsed.GetValue(_seed);

    /// <summary>The device settings, checked, with the thread count set.</summary>
    public DeviceConfig Resolve(ParseResult parsed)
    {
        var config = new DeviceConfig { Device = parsed.GetValue(_device)!, Dtype = parsed.GetValue(_dtype)!, Threads = parsed.GetValue(_threads) };
        Startup.Prepare(config);
        return config;
    }
}

/// <summary>--input of a command that reads rows, with what says which of a data set's.</summary>
internal sealed class InputOptions
{
    private readonly Option<string> _input;
    private readonly Option<string?> _subset = SharedOptions.Optional("--subset", DataOptions.Subset);
    private readonly Option<string?> _split = SharedOptions.Optional("--split", DataOptions.Split);

    public InputOptions(Command command, string description = "a Parquet, JSONL, JSON or CSV file, a data set's folder or its Hub id")
    {
        _input = SharedOptions.Required("--input", description);
        command.Takes(_input, _subset, _split);
    }

    /// <summary>The rows, read as they are taken.</summary>
    public IEnumerable<JsonRow> Rows(ParseResult parsed)
    {
        (string? subset, string? split) = (parsed.GetValue(_subset), parsed.GetValue(_split));
        return RowFile.Read(HubPath.Data(parsed.GetValue(_input)!, subset, split), subset, split);
    }
}

/// <summary>What the options that choose among a data set's files say of themselves.</summary>
internal static class DataOptions
{
    public const string Subset = "of a data set's folder or Hub id, the subset; without it the only or the default one";
    public const string Split = "of a data set's folder or Hub id, the split, such as train; without it the only one";

    /// <summary>The options of a command that is run by a config.</summary>
    public static readonly (string Option, string Key, string Description)[] OfConfigs = [("--subset", "subset", Subset), ("--split", "split", Split)];
}

/// <summary>--config, --set and the settings that every run command also has as plain options.</summary>
internal sealed class RunOptions
{
    private readonly Option<string?> _config = new("--config") { Description = "a YAML file of settings, or a shipped one's name: small/teacher; defaults and --set suffice" };
    private readonly Option<string[]> _set = new("--set")
    {
        Description = "overrides a setting: --set optimizer.learning_rate=2e-6", AllowMultipleArgumentsPerToken = false,
    };

    private readonly List<(Option<string?> Option, string Key)> _plain = [];

    public RunOptions(Command command, params ReadOnlySpan<(string Option, string Key, string Description)> plain)
    {
        command.Takes(_config, _set);
        foreach ((string name, string key, string description) in plain)
        {
            Add(command, name, key, description);
        }

        foreach ((string name, string key, string description) in DataOptions.OfConfigs)
        {
            Add(command, name, key, description);
        }

        Add(command, "--device", "device.device", "cpu, cuda or cuda:N");
        Add(command, "--dtype", "device.dtype", "fp32, bf16, or auto: as the checkpoint stores its weights, where this machine computes that well");
        Add(command, "--threads", "device.threads", "threads of the CPU's operators; 0: one a core");
        Add(command, "--seed", "seed", "seeds everything random");
    }

    /// <summary>The file, and what replaces its values: the plain options, then --set.</summary>
    public (string? File, string[] Overrides) Settings(ParseResult parsed)
    {
        IEnumerable<string> plain = from pair in _plain let value = parsed.GetValue(pair.Option) where value is not null select $"{pair.Key}={value}";
        return (parsed.GetValue(_config), [.. plain, .. parsed.GetValue(_set) ?? []]);
    }

    private void Add(Command command, string name, string key, string description)
    {
        var option = new Option<string?>(name) { Description = description };
        _plain.Add((option, key));
        command.Options.Add(option);
    }
}
