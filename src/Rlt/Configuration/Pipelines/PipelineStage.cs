namespace Rlt.Configuration.Pipelines;

/// <summary>A stage of a pipeline, ready to be checked and run.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Command">The command that it runs.</param>
/// <param name="Config">The command's settings.</param>
/// <param name="Arguments">The command line that gives these settings.</param>
/// <param name="After">The stages whose output it takes.</param>
/// <param name="Round">The round that it is of, from 1; 0: of none.</param>
public sealed record PipelineStage(
    string Name, string Command, DataRunConfig Config, IReadOnlyList<string> Arguments, IReadOnlyList<string> After, int Round = 0);
