using System.Buffers.Text;
using System.Text;
using Gatehouse.Grains.Abstractions.Tenants;

namespace Gatehouse.ApiHost.Http;

/// <summary>One page of a list.</summary>
/// <param name="Items">The entries, in the order of their names.</param>
/// <param name="Next">Where the next page starts: pass it as <c>cursor</c>. Null on the last page.</param>
internal sealed record ListResponse<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>
/// Cuts lists into pages. The cursor is the name of the last entry shown, so entries that come or go shift nothing.
/// </summary>
internal static class Pages
{
    public const int LimitMax = 1000;
    private const int LimitDefault = 100;

    public static ListResponse<T>? Cut<T>(
        IEnumerable<T> all, Func<T, string> name, int? limit, string? cursor, out FieldFault? fault)
    {
        fault = null;
        var count = limit ?? LimitDefault;
        if (count is < 1 or > LimitMax)
        {
            fault = new FieldFault("limit", $"must be between 1 and {LimitMax}");
            return null;
        }

        if (!TryReadCursor(cursor, out var after))
        {
            fault = new FieldFault("cursor", "must be the next of an earlier answer");
            return null;
        }

        var items = all.Where(item => after is null || string.CompareOrdinal(name(item), after) > 0)
            .OrderBy(name, StringComparer.Ordinal).Take(count + 1).ToList();
        var hasMore = items.Count > count;
        if (hasMore)
        {
            items.RemoveAt(count);
        }

        return new ListResponse<T>(items, hasMore ? Cursor(name(items[^1])) : null);
    }

    private static string Cursor(string name) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(name));

    private static bool TryReadCursor(string? cursor, out string? after)
    {
        after = null;
        if (cursor is null)
        {
            return true;
        }

        if (cursor.Length is 0 or > 200 || !Base64Url.IsValid(cursor))
        {
            return false;
        }

        after = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
        return true;
    }
}
