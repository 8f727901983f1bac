using Rlt.Text.Chat;

namespace Rlt.Grading.Extraction;

/// <summary>The part of a response that may state the answer: after the thought, before another turn.</summary>
internal static class ResponseText
{
    /// <summary>What follows the thought; nothing where the response ended inside it.</summary>
    public static string Answering(string response) => NextTurn.CutOff(ThoughtTags.Answering(response));
}
