using System.Text;
using System.Text.Json;

namespace Gatehouse.ApiHost.Tests.Fuzzing;

/// <summary>
/// Where a value stands in the text of a JSON document: changed there, the text can be what no writer of JSON writes.
/// </summary>
/// <param name="Start">Where the value, or its name, begins.</param>
/// <param name="Value">Where the value begins.</param>
/// <param name="End">Where it ends.</param>
internal readonly record struct JsonPlaces(int Start, int Value, int End)
{
    /// <summary>All values of a document, the whole one first.</summary>
    public static IReadOnlyList<JsonPlaces> Of(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var reader = new Utf8JsonReader(bytes);
        var (places, open, name) = (new List<JsonPlaces>(), new Stack<int>(), -1);
        while (reader.Read())
        {
            var (at, end) = (Chars(bytes, reader.TokenStartIndex), Chars(bytes, reader.BytesConsumed));
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                name = at;
                continue;
            }

            if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
            {
                var begun = open.Pop();
                places[begun] = places[begun] with { End = end };
                continue;
            }

            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                open.Push(places.Count);
            }

            places.Add(new JsonPlaces(name < 0 ? at : name, at, end));
            name = -1;
        }

        return places;
    }

    public string With(string text, string value) => $"{text[..Value]}{value}{text[End..]}";

    public string Without(string text)
    {
        var isBehind = Start > 0 && text[Start - 1] == ',';
        var isBefore = !isBehind && End < text.Length && text[End] == ',';
        return $"{text[..(isBehind ? Start - 1 : Start)]}{text[(isBefore ? End + 1 : End)..]}";
    }

    public string Twice(string text) => $"{text[..End]},{text[Start..]}";

    public string Beside(string text, string member) => Start == Value
        ? With(text, $"{{{member}}}")
        : $"{text[..Start]}{member},{text[Start..]}";

    public string Renamed(string text) => Start == Value
        ? text
        : $"{text[..Start]}{text[Start..Value].ToUpperInvariant()}{text[Value..]}";

    private static int Chars(byte[] bytes, long count) => Encoding.UTF8.GetCharCount(bytes, 0, (int)count);
}
