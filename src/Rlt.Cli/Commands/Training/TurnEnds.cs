using Rlt.Models;

namespace Rlt.Cli.Commands.Training;

/// <summary>The token by which learned turns end, which need not be the model's EOS.</summary>
internal static class TurnEnds
{
    /// <summary>Has the trained model stop there, wherever it is used, and says so where that is news.</summary>
    /// <param name="model">The model that learns.</param>
    /// <param name="turnEnd">The token; null where turns end in none.</param>
    /// <param name="observer">Is told.</param>
    public static void Learn(LanguageModel model, int? turnEnd, RunObserver observer)
    {
        model.LearnedTurnEnd = turnEnd;
        if (turnEnd is { } id && !model.Decoder.Config.EosTokenIds.Contains(id))
        {
            observer.Said($"turns end in '{model.Tokenizer.IdToToken(id)}' (id {id}), which is no stop token of {model.Directory}: "
                + "the trained model's generation_config.json lists it as one");
        }
    }
}
