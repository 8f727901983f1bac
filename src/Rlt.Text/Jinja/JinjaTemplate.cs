using System.Text.Json.Nodes;
using Rlt.Text.Jinja.Runtime;
using Rlt.Text.Jinja.Syntax;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja;

/// <summary>A parsed Jinja template. Renders as Python's Jinja2 does in the environment transformers gives chat
/// templates: trim_blocks, lstrip_blocks, loop controls, an immutable sandbox, plain <c>tojson</c>,
/// <c>raise_exception</c>, <c>strftime_now</c> and <c>generation</c> blocks. Can be used from several threads.</summary>
/// <remarks>Left out: everything that reads other templates, autoescape, and the filters pprint, random, urlize and
/// wordwrap. Values that Python prints with a memory address print without it.</remarks>
public sealed class JinjaTemplate
{
    private readonly IReadOnlyList<Statement> _statements;
    private readonly string _name;

    private JinjaTemplate(IReadOnlyList<Statement> statements, string name)
    {
        _statements = statements;
        _name = name;
    }

    /// <summary>Parses a template; <paramref name="name"/> is what error messages call it.</summary>
    /// <exception cref="CheckpointException">The template has a syntax error; the message says where and what was expected.</exception>
    public static JinjaTemplate Parse(string source, string name)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(name);
        return new JinjaTemplate(StatementParser.Parse(source, name), name);
    }

    /// <summary>The template's output for the variables in <paramref name="context"/>.</summary>
    /// <param name="context">The variables; JSON null is Python's None.</param>
    /// <param name="limits">Bounds on time and memory; null takes the defaults.</param>
    /// <param name="clock">What <c>strftime_now</c> reads; null takes the system's.</param>
    /// <exception cref="DataException">The template raised an error itself, used a value in a way Python does not allow,
    /// or went beyond the limits.</exception>
    public string Render(JsonObject context, JinjaLimits? limits = null, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        var interpreter = new Interpreter(new RenderState(limits ?? new JinjaLimits(), clock ?? TimeProvider.System));
        try
        {
            return interpreter.Render(_statements, context);
        }
        catch (RenderError error)
        {
            throw new DataException($"{_name}:{interpreter.Line}: {error.Message}", error);
        }
    }
}

/// <summary>Bounds on what one rendering may use, so that no template can run for ever or fill the memory.</summary>
public sealed record JinjaLimits
{
    /// <summary>Most steps: statements, expressions and items walked, and one per 64 characters of text built.</summary>
    public long MaxSteps { get; init; } = 20_000_000;

    /// <summary>Most macro calls and recursive loops inside each other.</summary>
    public int MaxDepth { get; init; } = 100;

    /// <summary>Most characters of the output and of any string built on the way.</summary>
    public int MaxCharacters { get; init; } = 64 * 1024 * 1024;
}
