using System.IO.Compression;
using System.Text;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>Translates #cloud-config (cloudinit.readthedocs.io, module reference) into shell: what comes before sshd and what comes after.</summary>
internal static class CloudConfig
{
    private static readonly string[] Known =
    [
        "runcmd", "bootcmd", "write_files", "ssh_keys", "ssh_authorized_keys", "packages", "package_update", "package_upgrade",
        "package_reboot_if_required", "hostname", "preserve_hostname", "manage_etc_hosts", "output", "final_message",
    ];

    public static UserData Translate(string text)
    {
        Dictionary<string, object?> config;
        try
        {
            config = SmallYaml.Read(text) switch
            {
                null => [],
                Dictionary<string, object?> read => read,
                _ => throw new FormatException("not a mapping"),
            };
        }
        catch (FormatException error)
        {
            return new UserData(UserData.Note($"Failed loading yaml blob ({error.Message}). No part of the user data was applied."), null);
        }

        var early = new StringBuilder();
        if (config.ContainsKey("packages"))
            early.Append(UserData.Note("packages: ignored, the sandbox's hosts reach no package source."));
        foreach (var key in config.Keys.Except(Known))
            early.Append(UserData.Note($"{key}: not known to the sandbox, ignored."));
        foreach (var command in ListOf(config, "bootcmd"))
            early.Append(Command(command));
        if (config.GetValueOrDefault("hostname") is string name)
            early.Append($"hostname {Shell.Quote(name)}\necho {Shell.Quote(name)} >/etc/hostname\necho \"$HOST_ADDRESS {Shell.Quote(name)}\" >>/etc/hosts\n");
        foreach (var file in ListOf(config, "write_files").OfType<Dictionary<string, object?>>())
            AppendFile(early, file);
        if (config.GetValueOrDefault("ssh_keys") is Dictionary<string, object?> keys)
            AppendHostKeys(early, keys);
        foreach (var key in ListOf(config, "ssh_authorized_keys").OfType<string>())
            early.Append($"printf '%s\\n' {Shell.Quote(key)} >>\"$(getent passwd \"$HOST_USER\" | cut -d: -f6)/.ssh/authorized_keys\"\n");

        var commands = ListOf(config, "runcmd");
        var final = commands.Count == 0 ? null : "#!/bin/sh\n" + string.Concat(commands.Select(Command));
        return new UserData(early.Length == 0 ? null : early.ToString(), final);
    }

    private static List<object?> ListOf(Dictionary<string, object?> config, string key) => config.GetValueOrDefault(key) switch
    {
        List<object?> list => list,
        string one => [one],
        _ => [],
    };

    /// <summary>A string is shell text; a list is a program and its arguments.</summary>
    private static string Command(object? command) => command switch
    {
        string text => text + "\n",
        List<object?> words => string.Join(' ', words.Select(word => Shell.Quote(word as string ?? string.Empty))) + "\n",
        // For instance "- echo a: b", which YAML reads as a mapping.
        _ => UserData.Note("Unable to shellify a command that is neither a text nor a list; ignored."),
    };

    private static void AppendFile(StringBuilder script, Dictionary<string, object?> file)
    {
        if (file.GetValueOrDefault("path") is not string path)
        {
            script.Append(UserData.Note("write_files: an entry without a path, ignored."));
            return;
        }

        byte[] content;
        try
        {
            content = Decode(file.GetValueOrDefault("content") as string ?? string.Empty, file.GetValueOrDefault("encoding") as string ?? "text/plain");
        }
        catch (Exception error) when (error is FormatException or InvalidDataException)
        {
            script.Append(UserData.Note($"write_files: {path}: {error.Message}"));
            return;
        }

        var append = file.GetValueOrDefault("append") is "true" or "True";
        var quoted = Shell.Quote(path);
        // Base64 carries any content through any shell.
        script.Append($"mkdir -p \"$(dirname {quoted})\"\nbase64 -d {(append ? ">>" : ">")}{quoted} <<'END'\n")
            .Append(Convert.ToBase64String(content, Base64FormattingOptions.InsertLineBreaks).ReplaceLineEndings("\n"))
            .Append("\nEND\n")
            .Append($"chmod {Shell.Quote(file.GetValueOrDefault("permissions") as string ?? "0644")} {quoted}\n");
        if (file.GetValueOrDefault("owner") is string owner)
            script.Append($"chown {Shell.Quote(owner)} {quoted}\n");
    }

    private static byte[] Decode(string content, string encoding)
    {
        var parts = encoding.Split('+');
        var data = parts.Any(part => part is "b64" or "base64") ? Convert.FromBase64String(content) : Encoding.UTF8.GetBytes(content);
        if (!parts.Any(part => part is "gz" or "gzip"))
            return data;
        using var packed = new GZipStream(new MemoryStream(data), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        packed.CopyTo(plain);
        return plain.ToArray();
    }

    private static void AppendHostKeys(StringBuilder script, Dictionary<string, object?> keys)
    {
        foreach (var (key, value) in keys)
        {
            if (value is not string text || key.Split('_') is not [var type, "private" or "public"])
                continue;
            var path = $"/etc/ssh/ssh_host_{type}_key{(key.EndsWith("public", StringComparison.Ordinal) ? ".pub" : string.Empty)}";
            AppendFile(script, new Dictionary<string, object?>
            {
                ["path"] = path,
                ["content"] = text.TrimEnd('\n') + "\n",
                ["permissions"] = path.EndsWith(".pub", StringComparison.Ordinal) ? "0644" : "0600",
            });
        }
    }
}
