#!/usr/bin/env dotnet
#:property PublishAot=false
#:property RestorePackagesWithLockFile=false
// Trims the official AWS service models to the operations in operations.txt, shapes only: no prose.
// Usage: dotnet run models/trim.cs -- <botocore data folder> [<output folder>]
// The folder is the `data` folder of Python's botocore; python3 -c "import botocore;print(botocore.__path__[0])" names its parent.
using System.IO.Compression;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

if (args.Length is < 1 or > 2 || !Directory.Exists(args[0]))
{
    Console.Error.WriteLine("trim: name the data folder of botocore, for example /usr/lib/python3/dist-packages/botocore/data");
    return 2;
}

var dataFolder = args[0];
var outputFolder = args.Length == 2 ? args[1] : Path.Combine(Environment.CurrentDirectory, "models");
var list = Path.Combine(outputFolder, "operations.txt");
if (!File.Exists(list))
{
    Console.Error.WriteLine($"trim: '{list}' does not exist; run this from the top of the repository, or name the models folder as the second argument");
    return 2;
}

var wanted = File.ReadAllLines(list)
    .Select(line => line.Trim())
    .Where(line => line.Length > 0 && line[0] != '#')
    .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
    .GroupBy(words => words[0], words => words[1]);

foreach (var service in wanted)
{
    var serviceFolder = Path.Combine(dataFolder, service.Key);
    var version = Directory.GetDirectories(serviceFolder).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal).Last();
    var model = ReadModel(Path.Combine(serviceFolder, version, "service-2.json"))!.AsObject();
    var paginators = ReadModel(Path.Combine(serviceFolder, version, "paginators-1.json"))?["pagination"]?.AsObject();

    var operations = new JsonObject();
    var reached = new SortedSet<string>(StringComparer.Ordinal);
    var queue = new Queue<string>();
    foreach (var name in service.Order(StringComparer.Ordinal))
    {
        var operation = model["operations"]![name] ?? throw new InvalidOperationException($"{service.Key} {version} has no operation {name}");
        operations[name] = Bare(operation);
        foreach (var shape in References(operation)) queue.Enqueue(shape);
    }

    while (queue.TryDequeue(out var shape))
    {
        if (!reached.Add(shape)) continue;
        foreach (var next in References(model["shapes"]![shape]!)) queue.Enqueue(next);
    }

    var shapes = new JsonObject();
    foreach (var shape in reached) shapes[shape] = Bare(model["shapes"]![shape]!);

    var pagination = new JsonObject();
    foreach (var name in service.Order(StringComparer.Ordinal))
        if (paginators?[name] is { } pages) pagination[name] = Bare(pages);

    var trimmed = new JsonObject
    {
        ["metadata"] = Bare(model["metadata"]!),
        ["operations"] = operations,
        ["pagination"] = pagination,
        ["shapes"] = shapes,
    };
    var text = trimmed.ToJsonString(new JsonSerializerOptions
    {
        WriteIndented = true,
        IndentSize = 1,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
    File.WriteAllText(Path.Combine(outputFolder, service.Key + ".json"), text + "\n");
    Console.WriteLine($"{service.Key} {version}: {operations.Count} operations, {shapes.Count} shapes, {text.Length / 1024} KiB");
}

return 0;

static JsonNode? ReadModel(string path)
{
    if (File.Exists(path)) return JsonNode.Parse(File.ReadAllText(path));
    if (!File.Exists(path + ".gz")) return null;
    using var unzipped = new GZipStream(File.OpenRead(path + ".gz"), CompressionMode.Decompress);
    return JsonNode.Parse(unzipped);
}

// A copy without the prose: every "documentation" that is a text, at any depth. A member that happens to be called
// "documentation" is an object and stays.
static JsonNode Bare(JsonNode node) => node switch
{
    JsonObject o => new JsonObject(o
        .Where(p => !(p.Key is "documentation" or "documentationUrl" && p.Value is JsonValue))
        .Select(p => KeyValuePair.Create(p.Key, p.Value is null ? null : Bare(p.Value)))),
    JsonArray a => new JsonArray([.. a.Select(n => n is null ? null : Bare(n))]),
    _ => node.DeepClone(),
};

static IEnumerable<string> References(JsonNode node)
{
    if (node is JsonObject o)
    {
        foreach (var (key, value) in o)
        {
            if (key == "shape" && value is JsonValue name && name.TryGetValue<string>(out var text)) yield return text;
            else if (value is not null)
                foreach (var inner in References(value)) yield return inner;
        }
    }
    else if (node is JsonArray a)
    {
        foreach (var item in a)
            if (item is not null)
                foreach (var inner in References(item)) yield return inner;
    }
}
