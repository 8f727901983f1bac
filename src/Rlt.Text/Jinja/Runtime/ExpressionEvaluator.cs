using System.Runtime.CompilerServices;
using Rlt.Text.Jinja.Functions;
using Rlt.Text.Jinja.Syntax;
using Rlt.Text.Jinja.Values;

namespace Rlt.Text.Jinja.Runtime;

/// <summary>Computes expressions and binds names.</summary>
internal sealed class ExpressionEvaluator(RenderState state)
{
    /// <summary>The template's line being rendered.</summary>
    public int Line { get; set; }

    public object Evaluate(Expression expression, Scope scope)
    {
        state.Charge();
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new RenderError("expressions are nested too deep");
        }

        return expression switch
        {
            Literal literal => literal.Value,
            VariableName variable => scope.TryGet(variable.Name, out object? value) ? value : Undefined.Variable(variable.Name),
            AttributeAccess access => Attributes.Get(Evaluate(access.Target, scope), access.Name),
            ItemAccess access => Attributes.GetItem(Evaluate(access.Target, scope), Evaluate(access.Index, scope)),
            CallExpression call => Call(call, scope, caller: null),
            FilterExpression filter => Filter(filter, scope, blockText: null),
            TestExpression test => Test(test, scope),
            ComparisonExpression comparison => Compare(comparison, scope),
            BinaryExpression binary => Operators.Apply(
                state, binary.Operator, Evaluate(binary.Left, scope), Evaluate(binary.Right, scope)),
            AndExpression and => Evaluate(and.Left, scope) is var left && PyOrder.IsTrue(left) ? Evaluate(and.Right, scope) : left,
            OrExpression or => Evaluate(or.Left, scope) is var left && PyOrder.IsTrue(left) ? left : Evaluate(or.Right, scope),
            UnaryExpression unary => Apply(unary, scope),
            ConcatExpression concat => Concat(concat, scope),
            ConditionalExpression conditional => Choose(conditional, scope),
            SliceAccess slice => Slice(slice, scope),
            ListLiteral list => new PyList(EvaluateAll(list.Items, scope)),
            TupleLiteral tuple => new PyTuple(EvaluateAll(tuple.Items, scope)),
            DictLiteral dict => MakeDict(dict, scope),
            _ => throw new NotSupportedException($"expression {expression.GetType().Name}"),
        };
    }

    /// <summary>Calls a function; <paramref name="caller"/> is the body of a call block.</summary>
    public object Call(CallExpression call, Scope scope, Macro? caller)
    {
        object target = Evaluate(call.Target, scope);
        CallArguments arguments = Arguments(call.Arguments, scope);
        if (caller is not null)
        {
            arguments = arguments with { Named = [.. arguments.Named, new("caller", caller)] };
        }

        Line = call.Line;
        return target switch
        {
            ICallable callable => callable.Call(state, arguments),
            Undefined undefined => throw undefined.Error(),
            _ => throw new RenderError($"'{PyType.Name(target)}' object is not callable"),
        };
    }

    /// <summary>Applies a filter; the innermost one of a block's filters takes the block's text.</summary>
    public object Filter(FilterExpression filter, Scope scope, string? blockText)
    {
        object input = filter.Input switch
        {
            null => blockText!,
            FilterExpression inner when blockText is not null => Filter(inner, scope, blockText),
            var expression => Evaluate(expression, scope),
        };
        CallArguments arguments = Arguments(filter.Arguments, scope);
        Line = filter.Line;
        return Filters.Apply(state, filter.Name, input, arguments);
    }

    /// <summary>Binds a value to a name, a namespace's attribute, or several of them.</summary>
    public void Assign(AssignmentTarget target, object value, Scope scope)
    {
        switch (target)
        {
            case NameTarget name:
                scope.Set(name.Name, value);
                break;
            case NamespaceTarget name:
                if (!scope.TryGet(name.Namespace, out object? holder) || holder is not Namespace space)
                {
                    throw new RenderError($"cannot assign attribute '{name.Name}' on non-namespace object '{name.Namespace}'");
                }

                space.Attributes.Set(name.Name, value);
                break;
            case TupleTarget tuple:
                AssignAll(tuple, value, scope);
                break;
            default:
                throw new NotSupportedException($"target {target.GetType().Name}");
        }
    }

    private void AssignAll(TupleTarget tuple, object value, Scope scope)
    {
        object[] items = [.. state.Iterate(value).Take(tuple.Items.Count + 1)];
        if (items.Length != tuple.Items.Count)
        {
            throw new RenderError(items.Length < tuple.Items.Count
                ? $"not enough values to unpack (expected {tuple.Items.Count}, got {items.Length})"
                : $"too many values to unpack (expected {tuple.Items.Count})");
        }

        for (int i = 0; i < items.Length; i++)
        {
            Assign(tuple.Items[i], items[i], scope);
        }
    }

    private object Test(TestExpression test, Scope scope)
    {
        object input = Evaluate(test.Input, scope);
        CallArguments arguments = Arguments(test.Arguments, scope);
        Line = test.Line;
        return Tests.Apply(state, test.Name, input, arguments);
    }

    private CallArguments Arguments(ArgumentList list, Scope scope)
    {
        if (ReferenceEquals(list, ArgumentList.Empty))
        {
            return CallArguments.Empty;
        }

        var positional = new List<object>(EvaluateAll(list.Positional, scope));
        var named = new List<KeyValuePair<string, object>>();
        foreach (var (name, value) in list.Named)
        {
            AddNamed(named, name, Evaluate(value, scope));
        }

        if (list.Spread is not null)
        {
            positional.AddRange(state.Iterate(Evaluate(list.Spread, scope)));
        }

        if (list.NamedSpread is not null)
        {
            PyDict dict = Evaluate(list.NamedSpread, scope) as PyDict
                ?? throw new RenderError("the argument after ** must be a mapping");
            foreach (var (key, value) in dict.Items)
            {
                AddNamed(named, PyText.TryGet(key, out string? name) ? name : throw new RenderError("keywords must be strings"), value);
            }
        }

        return new CallArguments(positional, named);
    }

    private static void AddNamed(List<KeyValuePair<string, object>> named, string name, object value)
    {
        if (named.Exists(pair => pair.Key == name))
        {
            throw new RenderError($"got multiple values for keyword argument '{name}'");
        }

        named.Add(new(name, value));
    }

    private object[] EvaluateAll(IReadOnlyList<Expression> expressions, Scope scope)
    {
        var values = new object[expressions.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Evaluate(expressions[i], scope);
        }

        return values;
    }

    private PyDict MakeDict(DictLiteral literal, Scope scope)
    {
        var dict = new PyDict();
        foreach (var (key, value) in literal.Pairs)
        {
            dict.Set(Evaluate(key, scope), Evaluate(value, scope));
        }

        return dict;
    }

    private bool Compare(ComparisonExpression comparison, Scope scope)
    {
        object left = Evaluate(comparison.First, scope);
        foreach (var (op, expression) in comparison.Rest)
        {
            object right = Evaluate(expression, scope);
            if (!Operators.Compare(state, op, left, right))
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private object Apply(UnaryExpression unary, Scope scope)
    {
        object value = Evaluate(unary.Operand, scope);
        return unary.Operator switch
        {
            "not" => !PyOrder.IsTrue(value),
            "-" => PyNumber.Negate(value),
            _ => PyNumber.Plus(value),
        };
    }

    private string Concat(ConcatExpression concat, Scope scope)
    {
        string[] parts = [.. concat.Parts.Select(part => PyRepr.Str(Evaluate(part, scope)))];
        state.ChargeText(parts.Sum(part => (long)part.Length));
        return string.Concat(parts);
    }

    private object Choose(ConditionalExpression conditional, Scope scope)
    {
        if (PyOrder.IsTrue(Evaluate(conditional.Test, scope)))
        {
            return Evaluate(conditional.Then, scope);
        }

        return conditional.Otherwise is not null
            ? Evaluate(conditional.Otherwise, scope)
            : new Undefined($"the inline if-expression on line {conditional.Line} evaluated to false and no else section was defined.");
    }

    private object Slice(SliceAccess slice, Scope scope)
    {
        object target = Evaluate(slice.Target, scope);
        int? Bound(Expression? expression) =>
            expression is null || Evaluate(expression, scope) is not object value || value is PyNone
                ? null
                : PyNumber.ToInt(value, "a slice index");

        object result = Slices.Take(target, Bound(slice.Start), Bound(slice.Stop), Bound(slice.Step));
        state.Charge(Slices.Length(result) / 8);
        return result;
    }
}
