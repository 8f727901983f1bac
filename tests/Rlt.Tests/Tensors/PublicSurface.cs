using System.Globalization;
using System.Reflection;

namespace Rlt.Tests.Tensors;

/// <summary>An assembly's public members as text, one a line, without nullability and attributes.</summary>
internal static class PublicSurface
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>Every line, in order.</summary>
    public static SortedSet<string> Of(Assembly assembly) =>
        new(assembly.GetExportedTypes().SelectMany(type => type.GetMembers(Declared).Select(Line).OfType<string>()), StringComparer.Ordinal);

    /// <summary>The part of a line that says whose member it is and its name.</summary>
    public static string NameOf(string line) => line.Split('(', ' ')[0];

    /// <summary>Whether every call of a member compiles for another and means the same: the other may have more parameters if they are optional.</summary>
    public static bool Serves(string wanted, string offered)
    {
        var (name, parameters, result) = Split(wanted);
        var (otherName, otherParameters, otherResult) = Split(offered);
        return name == otherName && (result == otherResult || result == " Void")
            && parameters.SequenceEqual(otherParameters.Take(parameters.Length))
            && otherParameters.Skip(parameters.Length).All(parameter => parameter.Contains(" = ", StringComparison.Ordinal));
    }

    private static (string Name, string[] Parameters, string Result) Split(string line)
    {
        int open = line.IndexOf('(', StringComparison.Ordinal);
        int close = line.LastIndexOf(')');
        return open < 0
            ? (NameOf(line), [], line[NameOf(line).Length..])
            : (line[..open], line[(open + 1)..close].Split("; ", StringSplitOptions.RemoveEmptyEntries), line[(close + 1)..]);
    }

    private static string? Line(MemberInfo member) => member switch
    {
        ConstructorInfo made => $"{Name(made.DeclaringType!)}.new({Parameters(made)})",
        MethodInfo method when method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal) => null,
        MethodInfo method when method.GetBaseDefinition().DeclaringType == typeof(object) => null,
        MethodInfo method => $"{Owner(method)}{method.Name}({Parameters(method)}) {Name(method.ReturnType)}{Tuple(method.ReturnParameter)}",
        PropertyInfo { GetMethod: null } => null,
        PropertyInfo property => $"{Owner(property.GetMethod)}{property.Name}({string.Join("; ", property.GetIndexParameters().Select(Parameter))}) {Name(property.PropertyType)}",
        FieldInfo { IsSpecialName: true } => null,
        FieldInfo field => $"{Name(field.DeclaringType!)}.{field.Name} {Name(field.FieldType)}{(field.IsLiteral ? " = " + Constant(field.GetRawConstantValue()) : "")}",
        _ => null,
    };

    private static string Owner(MethodInfo method) => $"{(method.IsStatic ? "static:" : "")}{Name(method.DeclaringType!)}.";

    private static string Parameters(MethodBase method) => string.Join("; ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter) =>
        (parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "")
        + $"{Name(parameter.ParameterType)} {parameter.Name}"
        + (parameter.HasDefaultValue ? " = " + Constant(parameter.RawDefaultValue) : "");

    private static string Constant(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };

    private static string Tuple(ParameterInfo result) =>
        result.GetCustomAttribute<System.Runtime.CompilerServices.TupleElementNamesAttribute>() is { } names ? $" of {string.Join(", ", names.TransformNames)}" : "";

    private static string Name(Type type)
    {
        if (type.IsArray)
        {
            return Name(type.GetElementType()!) + "[]";
        }

        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Name(underlying) + "?";
        }

        string own = type.IsGenericParameter || type.DeclaringType is null ? type.Name : $"{Name(type.DeclaringType)}.{type.Name}";
        own = own.Split('`')[0];
        return type.IsGenericType ? $"{own}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : own;
    }
}
