using Rlt.Generation;
using Rlt.Models;
using Rlt.Teaching;
using Rlt.Training.Teacher;

namespace Rlt.Tests.Training;

/// <summary>Explanations that are given instead of drawn.</summary>
internal static class ScriptedExplanations
{
    /// <summary>A teacher's explanations by call, place of the question in it, and sample.</summary>
    public static Explain Of(LanguageModel policy, TeachingFormat format, Func<int, int, int, (Sample Sample, string Text)> write)
    {
        int call = -1;
        return (tasks, streams, _) =>
        {
            call++;
            return [.. tasks.SelectMany((task, place) => streams[place].Select((_, sample) =>
            {
                int[] prompt = policy.Tokenizer.Encode(format.TeacherPrompt(task), addSpecialTokens: false).Ids;
                (Sample drawn, string text) = write(call, place, sample);
                return new Explanation(task, prompt, drawn, text);
            }))];
        };
    }
}
