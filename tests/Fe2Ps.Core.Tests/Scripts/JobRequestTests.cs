using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>Requests that cannot work are refused before a machine is touched.</summary>
public sealed class JobRequestTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fe2-request-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task BadInputIsNamed()
    {
        var good = new JobRequest(Write("myscript.sh"), Machine("i-1", "spot2"));
        var other = Machine("i-2", "od1");
        var twice = Directory.CreateDirectory(Path.Combine(_folder.FullName, "sub")).FullName;
        await File.WriteAllTextAsync(Path.Combine(twice, "myscript.sh"), "");
        await Refused("ScriptNotFound", good with { ScriptPath = "/no/such.sh" });
        await Refused("FileNotFound", good with { Files = ["/no/such.txt"] });
        await Refused("FileNameTwice", good with { Files = [Path.Combine(twice, "myscript.sh")] });
        await Refused("FileNameReserved", good with { Files = [Directory.CreateDirectory(Path.Combine(_folder.FullName, ".fe2")).FullName] });
        await Refused("EnvironmentNameInvalid", good with { Environment = new Dictionary<string, string> { ["A B"] = "" } });
        await Refused("EnvironmentNameInvalid", good with { Environment = new Dictionary<string, string> { ["A=$(id)"] = "" } });
        await Refused("TextHasNul", good with { Environment = new Dictionary<string, string> { ["A"] = "\0" } });
        await Refused("TextHasNul", good with { Arguments = ["\0"] });
        await Refused("MonitorIsTarget", good with { Monitor = good.Target });
        await Refused("OnExitNeedsMonitor", good with { OnExit = OnExit.Terminate });
        await Refused("InstanceNotRunning", good with { Target = good.Target with { IsRunning = false } });
        await Refused("InstanceNotRunning", good with { Monitor = other with { IsRunning = false } });
        foreach (var name in new[] { "", "a/b", "new\nline", ".hidden", "-x", "current", " x", "=x", "$1", new string('x', 200) })
            await Refused("JobNameInvalid", good with { Name = name });
    }

    [Theory]
    [InlineData("spot2", "spot2")]
    [InlineData("a/b c", "a_b c")]
    [InlineData("...", "i-1")]
    [InlineData("..", "i-1")]
    [InlineData("../../etc", "_.._etc")]
    [InlineData("/", "_")]
    [InlineData("작업 'x'", "작업 'x'")]
    [InlineData("new\nline", "new_line")]
    public void AnInstancesNameBecomesAJobs(string instance, string expected)
    {
        var name = JobName.FromInstance(Machine("i-1", instance));
        Assert.Equal(expected, name);
        JobName.Check(name);
    }

    private static async Task Refused(string id, JobRequest request)
    {
        var runner = new ScriptRunner(new FakeConnector(), null!);
        var error = await Assert.ThrowsAsync<Fe2Exception>(() => runner.StartAsync(request));
        Assert.Equal(id, error.Id);
        Assert.NotEmpty(error.NextStep);
    }

    private string Write(string name)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, "#!/bin/sh\n");
        return path;
    }

    private static JobMachine Machine(string id, string name) => new(new SshTarget(id, name, "192.0.2.1", "ubuntu", null, null));
}
