using Rlt.Text.Jinja.Syntax;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Runtime;

/// <summary>Anything a template can call.</summary>
internal interface ICallable
{
    object Call(RenderState state, CallArguments arguments);
}

/// <summary>A function or method that is part of the language.</summary>
internal sealed class BuiltinFunction(Func<RenderState, CallArguments, object> body) : ICallable
{
    public object Call(RenderState state, CallArguments arguments) => body(state, arguments);
}

/// <summary>A macro, or the body of a call block, with the variables visible where it stands.</summary>
internal sealed class Macro(MacroDefinition definition, Scope scope, Interpreter interpreter) : ICallable
{
    public MacroDefinition Definition { get; } = definition;

    public Scope Scope { get; } = scope;

    public object Call(RenderState state, CallArguments arguments) => interpreter.CallMacro(this, arguments);
}

/// <summary>cycler(a, b, …): each call of next() gives the next value.</summary>
internal sealed class Cycler(IReadOnlyList<object> items)
{
    private int _position;

    public object Current => items[_position];

    public object Next()
    {
        object current = Current;
        _position = (_position + 1) % items.Count;
        return current;
    }

    public object Reset()
    {
        _position = 0;
        return PyNone.Value;
    }
}

/// <summary>joiner(separator): empty when called first, then the separator.</summary>
internal sealed class Joiner(object separator) : ICallable
{
    private bool _isUsed;

    public object Call(RenderState state, CallArguments arguments)
    {
        arguments.Bind("joiner", 0);
        object result = _isUsed ? separator : "";
        _isUsed = true;
        return result;
    }
}
