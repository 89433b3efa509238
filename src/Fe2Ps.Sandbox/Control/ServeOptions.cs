using System.Globalization;

namespace Fe2Ps.Sandbox.Control;

/// <summary>What <c>serve</c> was told.</summary>
internal sealed record ServeOptions
{
    public int Port { get; init; } = 4566;

    public string? StateFolder { get; init; }

    /// <summary>container, process or none; the best that works here when null.</summary>
    public string? Hosts { get; init; }

    public bool Fast { get; init; }

    /// <summary>The process with which the sandbox ends.</summary>
    public int? ExitWith { get; init; }

    /// <summary>Seconds for which a new instance stays unknown; by the speed when null.</summary>
    public double? LateVisibility { get; init; }

    /// <summary>Where the root disks of terminated instances are kept, to look at what they held; null deletes them.</summary>
    public string? KeepDisks { get; init; }

    /// <summary>Reads the options; throws <see cref="FormatException"/> with a message for the user.</summary>
    public static ServeOptions Read(IReadOnlyList<string> arguments)
    {
        var options = new ServeOptions();
        for (var index = 0; index < arguments.Count; index += 2)
        {
            var name = arguments[index];
            if (index + 1 >= arguments.Count)
                throw new FormatException($"{name} needs a value.");
            var value = arguments[index + 1];
            options = name switch
            {
                "--port" => options with { Port = Number(name, value, 0, 65535) },
                "--state" => options with { StateFolder = Path.GetFullPath(value) },
                "--hosts" when value is "container" or "process" or "none" => options with { Hosts = value },
                "--hosts" => throw new FormatException("--hosts is container, process or none."),
                "--speed" when value is "realistic" or "fast" => options with { Fast = value == "fast" },
                "--speed" => throw new FormatException("--speed is realistic or fast."),
                "--exit-with" => options with { ExitWith = Number(name, value, 1, int.MaxValue) },
                "--keep-disks" => options with { KeepDisks = Path.GetFullPath(value) },
                "--late-visibility" => options with { LateVisibility = Number(name, value, 0, 3600) },
                _ => throw new FormatException($"There is no option {name}."),
            };
        }

        return options;
    }

    private static int Number(string name, string value, int least, int most)
        => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number : throw new FormatException($"{name} must be a number from {least} to {most}, not '{value}'.");
}
