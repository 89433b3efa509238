using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;

namespace Fe2Ps.Core.Commands;

/// <summary>Files of this computer that take the output of machines: one file for one machine, or a folder with a file for each.</summary>
public static class OutputFiles
{
    /// <summary>The file for each instance.</summary>
    /// <param name="path">A full path: a file's, or a folder's that exists or ends with a slash.</param>
    /// <param name="instances">The machines.</param>
    /// <exception cref="Fe2Exception"><c>OutFileShared</c>: several machines would write one file.</exception>
    public static IReadOnlyDictionary<string, string> For(string path, IReadOnlyList<Instance> instances)
    {
        if (!Directory.Exists(path) && !Path.EndsInDirectorySeparator(path))
        {
            return instances is [var only]
                ? new Dictionary<string, string>(StringComparer.Ordinal) { [only.InstanceId] = path }
                : throw new Fe2Exception(
                    "OutFileShared", Fe2ErrorKind.InvalidArgument, $"{instances.Count} machines cannot write one file '{path}'.",
                    $"Give a folder: -OutFile '{path}/' makes a file there for each machine, by its name.", path);
        }

        return MachineFileNames.For(instances).ToDictionary(n => n.Key, n => Path.Combine(path, n.Value), StringComparer.Ordinal);
    }

    /// <summary>Opens a file to write from its beginning; missing folders are made.</summary>
    public static FileStream Open(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        return new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read);
    }
}
