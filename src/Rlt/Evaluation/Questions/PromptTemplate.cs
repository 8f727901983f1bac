using System.Text.RegularExpressions;

namespace Rlt.Evaluation.Questions;

/// <summary>Fills the places of a prompt; braces of any other text, such as <c>\boxed{}</c>, stay.</summary>
public static partial class PromptTemplate
{
    /// <summary>The letters of the choices.</summary>
    public const string Letters = "ABCD";

    /// <summary>The prompt of a question.</summary>
    /// <param name="template">A text with <c>{question}</c>, and <c>{a}</c> to <c>{d}</c> where there are choices.</param>
    /// <param name="question">The question. Places in it are not filled.</param>
    /// <param name="choices">The choices in their order; none leaves their places as they are.</param>
    public static string Fill(string template, string question, IReadOnlyList<string> choices) =>
        Place().Replace(template, place => place.Groups[1].Value switch
    {
        "question" => question,
        var letter when choices.Count > 0 => choices[letter[0] - 'a'],
        _ => place.Value,
    });

    [GeneratedRegex(@"\{(question|[a-d])\}")]
    private static partial Regex Place();
}
