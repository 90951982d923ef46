using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing.Patterns;

namespace Gatehouse.AspNetCore.Idempotency;

/// <summary>
/// Names an endpoint: its method and its path without the ids in it, so that one endpoint is one name whatever it is
/// called for. Because ids are gone, the request's fingerprint has to cover the path as it was.
/// </summary>
public static partial class EndpointName
{
    /// <summary>How long an endpoint may be, characters.</summary>
    public const int LengthMax = 512;

    /// <summary>The rule for endpoints, in words.</summary>
    public const string Rule = "must be a method and a path, such as POST /orders/{id}";

    /// <summary>
    /// Reads <c>METHOD /path</c>. Where the path is a template, its parameters say where ids are, and only their
    /// constraints are taken off; where it is not, what looks like an id is taken out.
    /// </summary>
    public static bool TryRead(string? text, out string name)
    {
        name = "";
        if (text is { Length: <= LengthMax } && Canonical().IsMatch(text))
        {
            name = text;
            return true;
        }

        var parts = (text ?? "").Split(' ');
        if (text is null || text.Length > LengthMax || parts.Length != 2 || !Method().IsMatch(parts[0])
            || !parts[1].StartsWith('/')
            // A question mark within braces is an optional parameter's.
            || Constraint().Replace(parts[1], "$1}").Any(static letter => letter is < ' ' or '\x7f' or '?' or '#'))
        {
            return false;
        }

        name = parts[1].Contains('{', StringComparison.Ordinal)
            ? OfTemplate(parts[0], parts[1])
            : OfPath(parts[0], parts[1]);
        return true;
    }

    /// <summary>The name of a route.</summary>
    /// <param name="method">The method.</param>
    /// <param name="template">The route template, such as <c>/orders/{id:guid}</c>.</param>
    public static string OfTemplate(string method, string template)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(template);
        var segments = template.Trim('/').Split('/').Select(static segment =>
            segment.Contains('{', StringComparison.Ordinal) ? Constraint().Replace(segment, "$1}") : Lower(segment));
        return $"{method.ToUpperInvariant()} /{string.Join('/', segments)}";
    }

    /// <summary>The name of a route, as <see cref="OfTemplate"/> writes it.</summary>
    public static string Of(string method, RoutePattern pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        var segments = pattern.PathSegments.Select(static segment => string.Concat(segment.Parts.Select(static part =>
            part switch
            {
                RoutePatternLiteralPart literal => Lower(literal.Content),
                RoutePatternSeparatorPart separator => separator.Content,
                RoutePatternParameterPart { IsCatchAll: true } rest => $"{{**{rest.Name}}}",
                RoutePatternParameterPart parameter => $"{{{parameter.Name}}}",
                _ => "",
            })));
        return OfTemplate(method, string.Join('/', segments));
    }

    /// <summary>
    /// The name of an endpoint of which no template is known: numbers, UUIDs, ULIDs, hexadecimal numbers of eight
    /// digits or more and e-mail addresses are taken for ids.
    /// </summary>
    public static string OfPath(string method, string path)
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(path);
        var segments = path.Trim('/').Split('/')
            .Select(static segment => Id().IsMatch(segment) ? "{id}" : Lower(segment));
        return $"{method.ToUpperInvariant()} /{string.Join('/', segments)}";
    }

#pragma warning disable CA1308 // Paths are written in lower case; nothing is compared with its upper case.
    private static string Lower(string segment) => segment.ToLowerInvariant();
#pragma warning restore CA1308

    // A template as it is written below: most callers send it like that every time.
    [GeneratedRegex(
        @"^[A-Z]{1,16} (?=.*\{)(?:/(?:[a-z0-9._~-]|\{\*{0,2}[A-Za-z_][A-Za-z0-9_]*\})+)+\z")]
    private static partial Regex Canonical();

    [GeneratedRegex("^[A-Za-z]{1,16}\\z")]
    private static partial Regex Method();

    // {id:guid}, {id=7}, {id?}, {**rest}: the name is what is left. Within braces only: elsewhere, a question mark
    // begins a query.
    [GeneratedRegex(@"(\{[^{}:=?]*)[:=?][^}]*\}")]
    private static partial Regex Constraint();

    [GeneratedRegex(
        @"^(\d+|[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}"
        + @"|(?=.*\d)[0-9a-fA-F]{8,}|[^@/]+@[^@/]+)$")]
    private static partial Regex Id();
}
