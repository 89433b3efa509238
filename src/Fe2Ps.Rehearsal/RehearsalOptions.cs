using System.Globalization;

namespace Fe2Ps.Rehearsal;

/// <summary>What the command line asks for.</summary>
internal sealed record RehearsalOptions(string Script)
{
    public const string Usage = """
        Usage: rehearse [SCRIPT] [--keep DIR] [--quick] [--interrupt-after SECONDS]

        Runs SCRIPT as the main job on a local EC2: a monitor od1, a spot machine spot2, the output as it comes, the results
        collected on od1 and compared byte by byte with the disk of spot2, then everything removed. No AWS account, no cost.

          SCRIPT       a script of yours; without it samples/myscript.sh, or samples/resume.sh with --interrupt-after
          --keep DIR   keeps the results in DIR
          --interrupt-after SECONDS
                       so long after the script's start, spot2 is taken away as EC2 does it; the job goes on on another machine
          --quick      the local EC2 answers at once instead of taking EC2's time for its changes of state
        """;

    /// <summary>Where the results stay, or null.</summary>
    public string? Keep { get; init; }

    public bool IsQuick { get; init; }

    /// <summary>When the spot machine is taken away, after the script's start; or null.</summary>
    public TimeSpan? InterruptAfter { get; init; }

    /// <summary>Reads the arguments; null asks for the usage text.</summary>
    /// <exception cref="FormatException">They make no sense; the message says why.</exception>
    public static RehearsalOptions? Read(string[] arguments)
    {
        string? script = null;
        var options = new RehearsalOptions("");
        for (var i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case "--help" or "-h":
                    return null;
                case "--keep" when i + 1 < arguments.Length:
                    options = options with { Keep = Path.GetFullPath(arguments[++i]) };
                    break;
                case "--keep":
                    throw new FormatException("--keep needs a folder");
                case "--interrupt-after" when i + 1 < arguments.Length
                    && int.TryParse(arguments[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 86400:
                    options = options with { InterruptAfter = TimeSpan.FromSeconds(seconds) };
                    i++;
                    break;
                case "--interrupt-after":
                    throw new FormatException("--interrupt-after needs a number of seconds, 1 to 86400");
                case "--quick":
                    options = options with { IsQuick = true };
                    break;
                case ['-', ..] unknown:
                    throw new FormatException($"there is no option '{unknown}'");
                default:
                    if (script is not null) throw new FormatException($"one script at a time: '{script}' and '{arguments[i]}' are two");
                    script = arguments[i];
                    break;
            }
        }

        if (script is null) throw new FormatException("name a script");
        if (!File.Exists(script)) throw new FormatException($"there is no script '{script}'");
        if (options.Keep is { } keep && Directory.Exists(keep) && Directory.EnumerateFileSystemEntries(keep).Any())
            throw new FormatException($"'{keep}' is not empty; results are never mixed with other files");
        return options with { Script = Path.GetFullPath(script) };
    }
}
