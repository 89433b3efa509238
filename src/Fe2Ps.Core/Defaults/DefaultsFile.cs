using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Defaults;

/// <summary>The file <c>defaults.json</c> in the Fe2 folder.</summary>
public sealed class DefaultsFile(Fe2Home folder)
{
    private const string FileName = "defaults.json";
    private static readonly string[] Names =
    [
        "region", "profileName", "endpointUrl", "instanceType", "image", "keyName", "keyFile", "diskSize", "user", "cidr",
    ];

    /// <summary>The file's full path.</summary>
    public string Path => folder.PathOf(FileName);

    /// <summary>What is set; all null where there is no file.</summary>
    /// <exception cref="Fe2Exception"><c>DefaultsUnreadable</c>: the file is not what this module wrote.</exception>
    public Fe2Defaults Read()
    {
        if (folder.TryRead(FileName) is not { } text)
            return new Fe2Defaults();
        try
        {
            JsonObject all = JsonNode.Parse(text)?.AsObject() ?? [];
            var unknown = new JsonObject();
            foreach ((string name, JsonNode? value) in all)
            {
                if (!Names.Contains(name, StringComparer.Ordinal))
                    unknown[name] = value?.DeepClone();
            }

            return new Fe2Defaults
            {
                Region = Text(all, "region"),
                ProfileName = Text(all, "profileName"),
                EndpointUrl = Text(all, "endpointUrl"),
                InstanceType = Text(all, "instanceType"),
                Image = Text(all, "image"),
                KeyName = Text(all, "keyName"),
                KeyFile = Text(all, "keyFile"),
                DiskSize = all["diskSize"]?.GetValue<int>(),
                User = Text(all, "user"),
                Cidr = Text(all, "cidr"),
                Unknown = unknown.Count == 0 ? null : unknown,
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new Fe2Exception(
                "DefaultsUnreadable", Fe2ErrorKind.InvalidArgument,
                $"The defaults in {Path} cannot be read: {e.Message}",
                "Mend the file, or delete it and use Set-Fe2Default again.", Path, e);
        }
    }

    /// <summary>Reads, changes and writes the defaults as one step; two processes at once never leave a half-written file.</summary>
    public Fe2Defaults Change(Func<Fe2Defaults, Fe2Defaults> change)
    {
        Fe2Defaults changed = change(Read());
        if (changed.DiskSize is <= 0)
        {
            throw new Fe2Exception(
                "DiskSizeInvalid", Fe2ErrorKind.InvalidArgument,
                string.Create(CultureInfo.InvariantCulture, $"A disk of {changed.DiskSize} GiB does not exist."),
                "Give a size of 1 GiB or more.", changed.DiskSize);
        }

        var all = changed.Unknown?.DeepClone().AsObject() ?? [];
        Put(all, "region", changed.Region);
        Put(all, "profileName", changed.ProfileName);
        Put(all, "endpointUrl", changed.EndpointUrl);
        Put(all, "instanceType", changed.InstanceType);
        Put(all, "image", changed.Image);
        Put(all, "keyName", changed.KeyName);
        Put(all, "keyFile", changed.KeyFile);
        if (changed.DiskSize is { } size)
            all["diskSize"] = size;
        Put(all, "user", changed.User);
        Put(all, "cidr", changed.Cidr);
        folder.Write(all.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n", FileName);
        return changed;
    }

    private static string? Text(JsonObject all, string name) => all[name]?.GetValue<string>();

    private static void Put(JsonObject all, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            all[name] = value;
    }
}
