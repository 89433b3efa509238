using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Fe2Ps.Sandbox.Faults;

namespace Fe2Ps.Sandbox.Control;

/// <summary><c>faults add KIND [--NAME VALUE ...]</c>, <c>faults list</c>, <c>faults clear [ID]</c>, against a sandbox that runs.</summary>
internal static class FaultsCommand
{
    private static readonly string[] s_numbers = ["times", "rate", "every", "status", "seconds"];

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        var words = arguments.ToList();
        var endpoint = Take(words, "--endpoint") ?? Environment.GetEnvironmentVariable("AWS_ENDPOINT_URL") ?? "http://127.0.0.1:4566";
        using var client = new HttpClient { BaseAddress = new Uri(endpoint.TrimEnd('/') + "/_sandbox/") };
        using var request = words switch
        {
            ["add", var kind, .. var rest] => new HttpRequestMessage(HttpMethod.Post, "faults") { Content = Body(kind, rest) },
            ["list"] => new HttpRequestMessage(HttpMethod.Get, "faults"),
            ["clear"] => new HttpRequestMessage(HttpMethod.Delete, "faults"),
            ["clear", var id] => new HttpRequestMessage(HttpMethod.Delete, $"faults/{Uri.EscapeDataString(id)}"),
            _ => throw new FormatException($"Say faults add KIND, faults list, or faults clear [ID]. Kinds: {string.Join(", ", FaultKinds.All)}."),
        };
        try
        {
            using var response = await client.SendAsync(request).ConfigureAwait(false);
            var text = await response.Content.ReadAsStringAsync().ConfigureAwait(false);
            (response.IsSuccessStatusCode ? Console.Out : Console.Error).WriteLine(text);
            return response.IsSuccessStatusCode ? 0 : 1;
        }
        catch (HttpRequestException error)
        {
            Console.Error.WriteLine($"No sandbox answers at {endpoint}: {error.Message}");
            return 1;
        }
    }

    /// <summary>The fault as JSON: <c>--instance-type t3.*</c> becomes <c>"instanceType": "t3.*"</c>, numbers become numbers.</summary>
    public static JsonObject Describe(string kind, IReadOnlyList<string> options)
    {
        var fault = new JsonObject { ["kind"] = kind };
        for (var index = 0; index < options.Count; index += 2)
        {
            var name = options[index];
            if (!name.StartsWith("--", StringComparison.Ordinal) || index + 1 >= options.Count)
                throw new FormatException($"'{name}' should be an option with a value, such as --operation RunInstances.");
            var words = name[2..].Split('-');
            var key = words[0] + string.Concat(words.Skip(1).Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
            var value = options[index + 1];
            fault[key] = s_numbers.Contains(key) && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : value;
        }

        return fault;
    }

    private static StringContent Body(string kind, IReadOnlyList<string> options)
        => new(Describe(kind, options).ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    private static string? Take(List<string> words, string name)
    {
        var index = words.IndexOf(name);
        if (index < 0)
            return null;
        if (index + 1 >= words.Count)
            throw new FormatException($"{name} needs a value.");
        var value = words[index + 1];
        words.RemoveRange(index, 2);
        return value;
    }
}
