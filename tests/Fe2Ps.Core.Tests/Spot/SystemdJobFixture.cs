using Amazon.EC2.Model;
using Fe2Ps.Core.Tests.Scripts;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>Machines that systemd starts, the monitor among them, as on EC2.</summary>
public sealed class SystemdJobFixture : HostedJobFixture
{
    protected override async Task<string?> FindImageAsync()
    {
        var found = await Session.Ec2.DescribeImagesAsync(new DescribeImagesRequest
        {
            Owners = ["000000000000"],
            Filters = [new Filter("name", ["fe2ps-sandbox/ubuntu-systemd-amd64-*"])],
        });
        return Assert.Single(found.Images).ImageId;
    }
}

/// <summary>A test on such machines; skipped by name where this machine cannot have them.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SystemdFactAttribute : FactAttribute
{
    public SystemdFactAttribute() => Skip = new HostedFactAttribute().Skip
        ?? (File.Exists("/sys/fs/cgroup/unified/cgroup.procs") || File.Exists("/sys/fs/cgroup/cgroup.controllers") ? null : "systemd in a container needs cgroups of version 2");
}
