using System.Text;
using System.Text.Json.Nodes;
using Rlt.Text.Jinja.Functions;
using Rlt.Text.Jinja.Syntax;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Runtime;

/// <summary>Runs a template's statements once.</summary>
internal sealed class Interpreter
{
    private readonly RenderState _state;
    private readonly ExpressionEvaluator _evaluator;
    private StringBuilder _output = new();

    public Interpreter(RenderState state)
    {
        _state = state;
        _evaluator = new ExpressionEvaluator(state);
    }

    /// <summary>How a body ended.</summary>
    private enum Flow
    {
        Normal,
        Break,
        Continue,
    }

    /// <summary>The template's line being rendered.</summary>
    public int Line => _evaluator.Line;

    public string Render(IReadOnlyList<Statement> statements, JsonObject context)
    {
        var variables = new Scope(Globals.Scope);
        foreach (var (name, value) in context)
        {
            variables.Set(name, PyJson.FromNode(value));
        }

        Run(statements, new Scope(variables));
        return _output.ToString();
    }

    public object CallMacro(Macro macro, CallArguments arguments) => _state.Deeper<object>(() =>
    {
        int line = _evaluator.Line;
        string output = Capture(() => Run(macro.Definition.Body, BindParameters(macro, arguments)));
        _evaluator.Line = line;
        return output;
    });

    private static string MacroName(Macro macro) => macro.Definition.Name is string name ? $"macro '{name}'" : "the call block";

    private Scope BindParameters(Macro macro, CallArguments arguments)
    {
        MacroDefinition definition = macro.Definition;
        var scope = new Scope(macro.Scope);
        var named = arguments.Named.ToDictionary(pair => pair.Key, pair => pair.Value);
        for (int i = 0; i < definition.Parameters.Count; i++)
        {
            var (name, fallback) = definition.Parameters[i];
            object value;
            if (i < arguments.Positional.Count)
            {
                value = arguments.Positional[i];
            }
            else if (!named.Remove(name, out value!))
            {
                value = fallback is null
                    ? new Undefined($"parameter '{name}' was not provided")
                    : _evaluator.Evaluate(fallback, scope);
            }

            scope.Set(name, value);
        }

        BindSpecial(macro, scope, arguments, named);
        return scope;
    }

    private static void BindSpecial(Macro macro, Scope scope, CallArguments arguments, Dictionary<string, object> named)
    {
        MacroDefinition definition = macro.Definition;
        if (definition.UsesCaller)
        {
            scope.Set("caller", named.Remove("caller", out object? caller) ? caller : new Undefined("No caller defined"));
        }

        int extra = arguments.Positional.Count - definition.Parameters.Count;
        if (definition.TakesPositional)
        {
            scope.Set("varargs", new PyTuple([.. arguments.Positional.Skip(definition.Parameters.Count)]));
        }
        else if (extra > 0)
        {
            throw new RenderError($"{MacroName(macro)} takes not more than {definition.Parameters.Count} argument(s)");
        }

        if (definition.TakesNamed)
        {
            var rest = new PyDict();
            foreach (var (name, value) in arguments.Named.Where(pair => named.ContainsKey(pair.Key)))
            {
                rest.Set(name, value);
            }

            scope.Set("kwargs", rest);
        }
        else if (named.Count > 0)
        {
            throw new RenderError($"{MacroName(macro)} takes no keyword argument '{named.Keys.First()}'");
        }
    }

    private string Capture(Action body)
    {
        StringBuilder outer = _output;
        _output = new StringBuilder();
        body();
        string text = _output.ToString();
        _output = outer;
        return text;
    }

    private void Write(string text)
    {
        _state.CheckLength((long)_output.Length + text.Length);
        _state.ChargeText(text.Length);
        _output.Append(text);
    }

    /// <summary>Writes what a block made; unlike a printed value it must be text.</summary>
    private void WriteText(object value) => Write(PyText.TryGet(value, out string? text)
        ? text
        : throw new RenderError($"a block's output must be str, not {PyType.Name(value)}"));

    private Flow Run(IReadOnlyList<Statement> statements, Scope scope)
    {
        foreach (Statement statement in statements)
        {
            _state.Charge();
            _evaluator.Line = statement.Line;
            Flow flow = Run(statement, scope);
            if (flow != Flow.Normal)
            {
                return flow;
            }
        }

        return Flow.Normal;
    }

    private Flow Run(Statement statement, Scope scope)
    {
        switch (statement)
        {
            case TextStatement text:
                Write(text.Text);
                return Flow.Normal;
            case PrintStatement print:
                Write(PyRepr.Str(_evaluator.Evaluate(print.Value, scope)));
                return Flow.Normal;
            case IfStatement branch:
                return RunIf(branch, scope);
            case ForStatement loop:
                RunFor(loop, scope);
                return Flow.Normal;
            case SetStatement set:
                _evaluator.Assign(set.Target, _evaluator.Evaluate(set.Value, scope), scope);
                return Flow.Normal;
            case ScopeStatement block:
                return Run(block.Body, new Scope(scope));
            case BreakStatement:
                return Flow.Break;
            case ContinueStatement:
                return Flow.Continue;
            case MacroStatement macro:
                scope.Set(macro.Macro.Name!, new Macro(macro.Macro, scope, this));
                return Flow.Normal;
            case CallBlockStatement block:
                WriteText(_evaluator.Call(block.Call, scope, new Macro(block.Caller, scope, this)));
                return Flow.Normal;
            case SetBlockStatement block:
                return RunSetBlock(block, scope);
            default:
                throw new NotSupportedException($"statement {statement.GetType().Name}");
        }
    }

    /// <summary>Sets what a body writes; a body left by "break" or "continue" sets nothing.</summary>
    private Flow RunSetBlock(SetBlockStatement block, Scope scope)
    {
        var inner = new Scope(scope);
        Flow flow = Flow.Normal;
        string text = Capture(() => flow = Run(block.Body, inner));
        if (flow == Flow.Normal)
        {
            _evaluator.Assign(block.Target, block.Filter is null ? text : _evaluator.Filter(block.Filter, inner, text), scope);
        }

        return flow;
    }

    private Flow RunIf(IfStatement statement, Scope scope)
    {
        foreach (var (test, body) in statement.Branches)
        {
            if (PyOrder.IsTrue(_evaluator.Evaluate(test, scope)))
            {
                return Run(body, scope);
            }
        }

        return Run(statement.Otherwise, scope);
    }

    private void RunFor(ForStatement statement, Scope scope) =>
        RunLoop(statement, scope, _evaluator.Evaluate(statement.Items, scope), depth: 0);

    private void RunLoop(ForStatement statement, Scope scope, object iterable, int depth)
    {
        Func<object, object>? recurse = statement.IsRecursive
            ? items => _state.Deeper<object>(() => Capture(() => RunLoop(statement, scope, items, depth + 1)))
            : null;
        var loop = new LoopState(LoopItems(statement, scope, iterable), depth, recurse);
        bool completedOnce = false;
        while (loop.MoveNext(out object item))
        {
            var inner = new Scope(scope);
            inner.Set("loop", loop);
            _evaluator.Assign(statement.Target, item, inner);
            Flow flow = Run(statement.Body, inner);
            if (flow == Flow.Break)
            {
                break;
            }

            // As in Jinja, only an iteration that runs to its end keeps "else" from running.
            completedOnce |= flow == Flow.Normal;
        }

        if (!completedOnce)
        {
            Run(statement.Otherwise, new Scope(scope));
        }
    }

    private List<object> LoopItems(ForStatement statement, Scope scope, object iterable)
    {
        var items = new List<object>();
        foreach (object item in _state.Iterate(iterable))
        {
            if (statement.Test is not null)
            {
                var inner = new Scope(scope);
                _evaluator.Assign(statement.Target, item, inner);
                if (!PyOrder.IsTrue(_evaluator.Evaluate(statement.Test, inner)))
                {
                    continue;
                }
            }

            items.Add(item);
        }

        return items;
    }
}
