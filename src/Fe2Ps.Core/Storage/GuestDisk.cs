using System.Collections.Concurrent;
using System.Globalization;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Storage;

/// <summary>One volume as the machine that has it sees it. Every step is one command there: a script that decides and acts under a lock.</summary>
/// <param name="ssh">A session on the machine.</param>
/// <param name="volumeId">The volume.</param>
/// <param name="device">The device name under which it is attached.</param>
/// <param name="label">How messages call the volume.</param>
internal sealed class GuestDisk(ISshSession ssh, string volumeId, string device, string label)
{
    private const string Prefix = "Fe2Ps.Core.Storage.Remote.";

    /// <summary>How long an attached volume may need to appear on the machine.</summary>
    private const int AppearSeconds = 60;

    private static readonly ConcurrentDictionary<string, string> Texts = new(StringComparer.Ordinal);

    /// <summary>Mounts it, formatted first when it is blank.</summary>
    public async Task<Answer> MountAsync(MountRequest request, string? point, CancellationToken cancellationToken) =>
        await CallAsync(
            "mount",
            [volumeId, point ?? "", request.FileSystem ?? MountRequest.UsualFileSystem, "@uid", "@gid", request.Persist ? "1" : "0", Text(AppearSeconds)],
            null, cancellationToken).ConfigureAwait(false);

    /// <summary>Writes out and unmounts it.</summary>
    public Task<Answer> DismountAsync(bool force, CancellationToken cancellationToken) =>
        CallAsync("dismount", [volumeId, force ? "1" : "0"], null, cancellationToken);

    /// <summary>Lets partition and file system take a size that the volume has by now.</summary>
    public Task<Answer> GrowAsync(long bytes, CancellationToken cancellationToken) =>
        CallAsync("grow", [bytes.ToString(CultureInfo.InvariantCulture)], null, cancellationToken);

    /// <summary>Where it is mounted, with which file system.</summary>
    public Task<Answer> WhereAsync(CancellationToken cancellationToken) => CallAsync("where", [volumeId], null, cancellationToken);

    /// <summary>The command that freezes it until its input ends, at most for so many seconds.</summary>
    public string FreezeCommand(int seconds) => Command("freeze", [Text(seconds)]);

    public Fe2Exception Failure(int code, string output, string error) => StorageErrors.OfScript(code, output, error, label, ssh.Target.Name);

    private async Task<Answer> CallAsync(string script, IEnumerable<string> arguments, Stream? input, CancellationToken cancellationToken)
    {
        SshResult result = await ssh.RunAsync(Command(script, arguments), input, cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0
            ? new Answer(result.OutputText) : throw Failure(result.ExitCode, result.OutputText, result.ErrorText);
    }

    /// <summary>
    /// The script itself is an argument, so that it is there as a whole or not at all, and standard input is free.
    /// <c>@uid</c> and <c>@gid</c> stand for the login user's numbers.
    /// </summary>
    private string Command(string script, IEnumerable<string> arguments)
    {
        string text = TextOf(script);
        string words = string.Join(' ', arguments.Prepend(device).Prepend(volumeId.Replace("-", "", StringComparison.Ordinal)).Select(a => a switch
        {
            "@uid" => "\"$(id -u)\"",
            "@gid" => "\"$(id -g)\"",
            _ => ShellQuote.Quote(a),
        }));
        string call = $"sh -c {ShellQuote.Quote(text)} fe2-{script} {words}";
        return $"if [ \"$(id -u)\" = 0 ]; then exec {call}; else exec sudo -n {call}; fi";
    }

    /// <summary>The text of one of the scripts, for <c>sh -c</c>. Its arguments begin with the volume's serial and its device.</summary>
    internal static string TextOf(string script) => Texts.GetOrAdd(script, static name => Read("lib") + Read(name));

    private static string Read(string name)
    {
        using Stream stream = typeof(GuestDisk).Assembly.GetManifestResourceStream($"{Prefix}{name}.sh")!;
        using var reader = new StreamReader(stream);
        // Comments cost room on the command line.
        return string.Concat(reader.ReadToEnd().ReplaceLineEndings("\n").Split('\n')
            .Where(l => l.Length > 0 && !l.TrimStart().StartsWith('#')).Select(l => l + "\n"));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>What a script told, word by word.</summary>
    internal sealed class Answer(string text)
    {
        private readonly string[] lines = text.Split('\n');

        /// <summary>The value after a word, or null.</summary>
        public string? this[string word] => All(word).FirstOrDefault();

        public IEnumerable<string> All(string word) =>
            lines.Where(l => l.StartsWith(word + " ", StringComparison.Ordinal)).Select(l => l[(word.Length + 1)..]);

        public bool Has(string word) => this[word] is not null;
    }
}
