using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Scripts;

/// <summary>The shell scripts that do the work on the machines: resources of this assembly, installed as <c>~/.fe2/&lt;name&gt;</c>.</summary>
internal static class RemoteScripts
{
    private const string Prefix = "Fe2Ps.Core.Scripts.Remote.";

    private static readonly Lazy<(string Version, byte[] Installer)> Built = new(Build);

    /// <summary>
    /// Installs the scripts when they are missing or of another version: one ssh command. Running jobs keep the files that they have open.
    /// A machine that was made from an image of another one forgets the other's jobs.
    /// </summary>
    public static async Task InstallAsync(ISshSession session, JobMachine machine, CancellationToken cancellationToken)
    {
        var (version, installer) = Built.Value;
        var id = ShellQuote.Quote(machine.Id);
        var command = $"if [ \"$(cat ~/.fe2/version 2>/dev/null)\" = {version} ] && [ \"$(cat ~/.fe2/instance 2>/dev/null)\" = {id} ]; then exit 0; fi; exec sh -s";
        byte[] all = [.. installer, .. Encoding.UTF8.GetBytes($"./adopt {id} </dev/null\n")];
        var result = await session.RunAsync(command, new MemoryStream(all), cancellationToken).ConfigureAwait(false);
        if (result.ExitCode != 0)
            throw JobErrors.StepFailed(machine, "Installing the job scripts", result);
    }

    /// <summary>A call of one of the scripts as text for the remote shell.</summary>
    public static string Call(string script, params IEnumerable<string> arguments) =>
        string.Join(' ', arguments.Select(ShellQuote.Quote).Prepend("~/.fe2/" + script));

    /// <summary>The text of one of them, by its file's name.</summary>
    public static string TextOf(string file) => Read(typeof(RemoteScripts).Assembly, Prefix + file);

    private static (string Version, byte[] Installer) Build()
    {
        var assembly = typeof(RemoteScripts).Assembly;
        var files = assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).Select(name => (Name: name[Prefix.Length..], Text: Read(assembly, name))).ToList();
        var version = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(files.Select(f => f.Name + f.Text))))).ToLowerInvariant()[..16];
        var installer = new StringBuilder("set -e\numask 077\nmkdir -p ~/.fe2/jobs\ncd ~/.fe2\n");
        foreach (var (file, text) in files)
        {
            // The library is included by its name, the others are called by theirs. Each is renamed into place: a shell that
            // is reading the old one keeps it. Two computers may install at once, each under a name of its own ($$).
            var name = file == "lib.sh" ? file : Path.GetFileNameWithoutExtension(file);
            installer.Append($"cat > {name}.$$.new <<'FE2_END_OF_FILE'\n{text}FE2_END_OF_FILE\nchmod 700 {name}.$$.new\nmv -f {name}.$$.new {name}\n");
        }

        installer.Append($"echo {version} > version.$$.new\nmv -f version.$$.new version\n");
        return (version, Encoding.UTF8.GetBytes(installer.ToString()));
    }

    private static string Read(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
