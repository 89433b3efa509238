using System.Globalization;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>Loop devices: files as disks.</summary>
internal static class LoopDevices
{
    public const int Major = 7;

    /// <summary>Makes a file a disk.</summary>
    /// <returns>The device's number: 3 for /dev/loop3.</returns>
    public static async Task<int> AttachAsync(string file, CancellationToken cancellationToken)
    {
        var device = (await Commands.RunAsync("losetup", ["--find", "--show", file], cancellationToken).ConfigureAwait(false)).Trim();
        return int.Parse(device["/dev/loop".Length..], CultureInfo.InvariantCulture);
    }

    /// <summary>Frees the device; if it is still in use, as soon as it is not.</summary>
    public static Task DetachAsync(int number, CancellationToken cancellationToken) =>
        Commands.RunAsync("losetup", ["--detach", $"/dev/loop{number}"], cancellationToken);

    public static Task GrowAsync(int number, CancellationToken cancellationToken) =>
        Commands.RunAsync("losetup", ["--set-capacity", $"/dev/loop{number}"], cancellationToken);

    /// <summary>The devices whose files are within a folder.</summary>
    public static IEnumerable<int> FindWithin(string folder)
    {
        foreach (var block in Directory.GetDirectories("/sys/block", "loop*"))
        {
            string file;
            try
            {
                file = File.ReadAllText(Path.Combine(block, "loop", "backing_file")).Trim();
            }
            catch (IOException)
            {
                // No file: the device is free.
                continue;
            }

            if (file.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal))
                yield return int.Parse(Path.GetFileName(block)["loop".Length..], CultureInfo.InvariantCulture);
        }
    }
}
