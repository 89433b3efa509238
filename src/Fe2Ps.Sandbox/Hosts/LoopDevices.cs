using System.Globalization;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>A partition of a loop device, with the device number that the kernel gave it.</summary>
/// <param name="Index">Its place in the table, from 1.</param>
internal readonly record struct LoopPartition(int Index, int Major, int Minor);

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
    public static async Task DetachAsync(int number, CancellationToken cancellationToken)
    {
        await ForgetPartitionsAsync(number, cancellationToken).ConfigureAwait(false);
        await Commands.RunAsync("losetup", ["--detach", $"/dev/loop{number}"], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>As <see cref="DetachAsync"/>, of a device that may be gone already.</summary>
    public static async Task TryDetachAsync(int number, CancellationToken cancellationToken)
    {
        await ForgetPartitionsAsync(number, cancellationToken).ConfigureAwait(false);
        await Commands.TryAsync("losetup", ["--detach", $"/dev/loop{number}"], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Tells the kernel what the partition table on the device says. Kernels look for tables on loop devices only when asked to, and a
    /// kernel for virtual machines may know none at all; partx reads them itself. A disk without a table is none of its business.
    /// </summary>
    public static Task ReadPartitionsAsync(int number, CancellationToken cancellationToken) =>
        Commands.TryAsync("partx", ["--update", $"/dev/loop{number}"], cancellationToken);

    /// <summary>The partitions of the device that the kernel knows.</summary>
    public static IEnumerable<LoopPartition> Partitions(int number)
    {
        var block = $"/sys/block/loop{number}";
        if (!Directory.Exists(block))
            yield break;
        foreach (var folder in Directory.GetDirectories(block, $"loop{number}p*"))
        {
            string[] texts;
            try
            {
                texts = [File.ReadAllText(Path.Combine(folder, "partition")), .. File.ReadAllText(Path.Combine(folder, "dev")).Split(':')];
            }
            catch (IOException)
            {
                // Gone meanwhile.
                continue;
            }

            var numbers = texts.Select(text => int.Parse(text.Trim(), CultureInfo.InvariantCulture)).ToArray();
            yield return new LoopPartition(numbers[0], numbers[1], numbers[2]);
        }
    }

    private static async Task ForgetPartitionsAsync(int number, CancellationToken cancellationToken)
    {
        if (Partitions(number).Any())
            await Commands.TryAsync("partx", ["--delete", $"/dev/loop{number}"], cancellationToken).ConfigureAwait(false);
    }

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
