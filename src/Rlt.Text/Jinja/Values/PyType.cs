using System.Numerics;
using Rlt.Text.Jinja.Runtime;

namespace Rlt.Text.Jinja.Values;

/// <summary>Names of types, as Python's error messages give them.</summary>
internal static class PyType
{
    public static string Name(object value) => value switch
    {
        PyNone => "NoneType",
        bool => "bool",
        BigInteger => "int",
        double => "float",
        string => "str",
        Markup => "Markup",
        PyList => "list",
        PyTuple => "tuple",
        PyDict => "dict",
        PyDictView view => view.Kind,
        PyRange => "range",
        PyIterator iterator => iterator.TypeName,
        Undefined => "Undefined",
        Namespace => "Namespace",
        LoopState => "LoopContext",
        Macro => "Macro",
        _ => "function",
    };

    /// <summary>The owner part of "'dict object' has no attribute 'x'".</summary>
    public static string Description(object value) => value is PyNone ? "None" : $"{Name(value)} object";
}
