using Amazon.EC2.Model;
using Fe2Ps.Core.Commands;
using Fe2Ps.Core.Instances;

namespace Fe2Ps.Core.Tests.Commands;

/// <summary>Files by the names of machines.</summary>
public sealed class OutputFilesTests
{
    [Fact]
    public void NoNameOfAMachineLeadsOutOfTheFolder()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("fe2-output-");
        try
        {
            string[] names = ["..", ".", "../../etc/passwd", "/etc/passwd", "a/b", "plain", "\0", "작업"];
            IReadOnlyDictionary<string, string> files = OutputFiles.For(folder.FullName, [.. names.Select((n, i) => new Instance { InstanceId = $"i-{i}", Tags = [new Tag("Name", n)] })]);
            Assert.All(files.Values, f => Assert.Equal(folder.FullName, Path.GetDirectoryName(Path.GetFullPath(f))));
            Assert.Equal(names.Length, files.Values.Distinct(StringComparer.OrdinalIgnoreCase).Count());
            Assert.Equal("plain", Path.GetFileName(files["i-5"]));
            foreach (string file in files.Values)
                OutputFiles.Open(file).Dispose();
            Assert.Equal(names.Length, folder.GetFiles().Length);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void MachinesOfOneNameHaveTheirIdsBehindIt()
    {
        Instance[] machines =
        [
            .. new[] { "web", "Web", "a/b", "a_b", "alone", ".." }.Select((n, i) => new Instance { InstanceId = $"i-{i}", Tags = [new Tag("Name", n)] }),
            new Instance { InstanceId = "i-nameless" },
        ];

        IReadOnlyDictionary<string, string> names = MachineFileNames.For(machines);

        string[] wanted = ["web-i-0", "Web-i-1", "a_b-i-2", "a_b-i-3", "alone", "_", "i-nameless"];
        Assert.Equal(wanted, machines.Select(m => names[m.InstanceId]));
    }
}
