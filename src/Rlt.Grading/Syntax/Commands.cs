using System.Collections.Frozen;

namespace Rlt.Grading.Syntax;

/// <summary>What LaTeX commands mean for an answer.</summary>
internal static class Commands
{
    /// <summary>Commands that stand for one sign.</summary>
    public static readonly FrozenDictionary<string, char> Signs = new Dictionary<string, char>
    {
        ["cdot"] = '*', ["times"] = '*', ["ast"] = '*', ["bullet"] = '*', ["div"] = '/', ["pm"] = '±', ["mp"] = '∓',
        ["le"] = '≤', ["leq"] = '≤', ["leqslant"] = '≤', ["leqq"] = '≤', ["ge"] = '≥', ["geq"] = '≥', ["geqslant"] = '≥', ["geqq"] = '≥',
        ["lt"] = '<', ["gt"] = '>', ["ne"] = '≠', ["neq"] = '≠', ["approx"] = '≈', ["doteq"] = '≈', ["simeq"] = '≈', ["thickapprox"] = '≈', ["equiv"] = '≡',
        ["in"] = '∈', ["notin"] = '∉', ["cup"] = '∪', ["bigcup"] = '∪', ["cap"] = '∩', ["setminus"] = '∖', ["backslash"] = '∖',
        ["infty"] = '∞', ["infinity"] = '∞', ["circ"] = '°', ["degree"] = '°', ["degrees"] = '°', ["mid"] = '|', ["vert"] = '|', ["lvert"] = '|',
            ["rvert"] = '|',
        ["lbrace"] = '⦃', ["rbrace"] = '⦄', ["lbrack"] = '[', ["rbrack"] = ']', ["langle"] = '(', ["rangle"] = ')', ["colon"] = ':', ["prime"] = '\'',
        ["lparen"] = '(', ["rparen"] = ')', ["wedge"] = '∧', ["land"] = '∧', ["vee"] = '∨', ["lor"] = '∨', ["varnothing"] = '∅', ["emptyset"] = '∅',
    }.ToFrozenDictionary();

    /// <summary>Commands that only set type, and are passed over.</summary>
    public static readonly FrozenSet<string> Layout = new[]
    {
        "left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "middle", "displaystyle", "textstyle", "scriptstyle",
        "limits", "nolimits", "quad", "qquad", "enspace", "hfill", "hline", "nonumber", "rm", "bf", "it", "large", "Large", "small", "bigskip", "smallskip",
            "medskip", "allowbreak",
    }.ToFrozenSet();

    /// <summary>Commands whose argument is text.</summary>
    public static readonly FrozenSet<string> Texts = new[]
    {
        "text", "textbf", "textit", "textrm", "textnormal", "texttt", "textsf", "textsc", "emph", "mbox", "hbox", "mathrm", "mathsf", "operatorname",
            "mathtt", "unit",
    }.ToFrozenSet();

    /// <summary>Commands that change only their argument's look.</summary>
    public static readonly FrozenSet<string> Looks = new[] { "mathbf", "boldsymbol", "bm", "mathit", "mathnormal", "pmb", "boxed", "fbox", "underline",
        "ensuremath", "phantom" }.ToFrozenSet();

    /// <summary>Functions by every name they go by.</summary>
    public static readonly FrozenDictionary<string, string> Functions = new Dictionary<string, string>
    {
        ["sin"] = "sin", ["cos"] = "cos", ["tan"] = "tan", ["cot"] = "cot", ["sec"] = "sec", ["csc"] = "csc", ["tg"] = "tan", ["ctg"] = "cot",
            ["cosec"] = "csc",
        ["arcsin"] = "arcsin", ["arccos"] = "arccos", ["arctan"] = "arctan", ["arccot"] = "arccot", ["asin"] = "arcsin", ["acos"] = "arccos",
            ["atan"] = "arctan", ["arctg"] = "arctan",
        ["sinh"] = "sinh", ["cosh"] = "cosh", ["tanh"] = "tanh", ["exp"] = "exp", ["ln"] = "ln", ["log"] = "log", ["lg"] = "lg",
        ["max"] = "max", ["min"] = "min", ["gcd"] = "gcd", ["lcm"] = "lcm", ["floor"] = "floor", ["ceil"] = "ceil", ["abs"] = "abs", ["Re"] = "re",
            ["Im"] = "im", ["arg"] = "arg",
    }.ToFrozenDictionary();

    /// <summary>Other commands that the parser reads.</summary>
    public static readonly FrozenSet<string> Structures = new[] { "frac", "sqrt", "binom", "begin", "end", "lfloor", "rfloor", "lceil", "rceil", "choose",
        "over", "pi", "overline", "mathbb", "dfrac", "tfrac", "cfrac", "dbinom", "tbinom" }.ToFrozenSet();

    /// <summary>Commands of sums and products over a range, which are compared as they are written and state no value.</summary>
    public static readonly FrozenSet<string> Series = new[] { "sum", "prod" }.ToFrozenSet();

    /// <summary>Commands whose meaning a value does not have: integrals, limits, dots. An answer with one is compared as text.</summary>
    public static readonly FrozenSet<string> Unread = new[]
    {
        "int", "iint", "oint", "lim", "limsup", "liminf", "ldots", "dots", "cdots", "vdots", "ddots", "to", "rightarrow", "implies", "Rightarrow",
            "Longrightarrow", "iff", "Leftrightarrow",
        "forall", "exists", "bmod", "pmod", "mod", "partial", "nabla", "perp", "parallel", "sim", "cong", "subset", "subseteq", "supset", "not", "neg",
            "over", "stackrel", "overset", "underset", "longrightarrow", "mapsto",
    }.ToFrozenSet();

    /// <summary>Is the command one that answers use: a doubled backslash before it is a slip of escaping.</summary>
    public static bool IsKnown(string name) =>
        Signs.ContainsKey(name) || Layout.Contains(name) || Texts.Contains(name) || Looks.Contains(name) || Functions.ContainsKey(name)
            || Structures.Contains(name);
}
