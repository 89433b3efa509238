using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fe2Ps.Aws.Tests.Requests;

/// <summary>Debian's botocore as the reference of the wire form.</summary>
internal static class Botocore
{
    public static IReadOnlyList<JsonObject> Serialize(IEnumerable<(ModelFile Model, string Operation, JsonObject Input)> cases)
    {
        var asked = new JsonArray([.. cases.Select(c => new JsonObject
        {
            ["model"] = c.Model.Path,
            ["operation"] = c.Operation,
            ["input"] = c.Input.DeepClone(),
        })]);
        var start = new ProcessStartInfo("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "Requests", "serialize.py")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var python = Process.Start(start)!;
        var errors = python.StandardError.ReadToEndAsync();
        var output = python.StandardOutput.ReadToEndAsync();
        python.StandardInput.Write(asked.ToJsonString());
        python.StandardInput.Close();
        python.WaitForExit();
        Assert.True(python.ExitCode == 0, errors.Result);
        return [.. JsonSerializer.Deserialize<JsonArray>(output.Result)!.Select(n => n!.AsObject())];
    }
}
