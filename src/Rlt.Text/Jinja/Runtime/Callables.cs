using Rlt.Text.Jinja.Syntax;

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
