using System.Diagnostics;
using System.Text.Json;
using Amazon.EC2.Model;
using Amazon.IdentityManagement;
using Amazon.IdentityManagement.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;
using Instance = Amazon.EC2.Model.Instance;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>The role by which monitors act: made once, limited, gone with the last of them; and how its requests are signed.</summary>
public sealed class SupervisorRoleTests : IAsyncLifetime
{
    private const string Name = "fe2-monitor-us-east-2";
    private readonly TestCloud _cloud = new();
    private Fe2Session _session = null!;

    public async Task InitializeAsync()
    {
        await _cloud.InitializeAsync();
        _session = await _cloud.SessionAsync();
    }

    public Task DisposeAsync() => _cloud.DisposeAsync();

    [Fact]
    public async Task OneRoleServesAllMonitorsAndGoesWithTheLastOfThem()
    {
        var (first, second) = (await MonitorAsync("od1"), await MonitorAsync("od2"));
        Assert.Null(await EnsureAsync(first));
        Assert.Null(await EnsureAsync(second));
        await _cloud.ForgetCallsAsync();
        Assert.Null(await EnsureAsync(first));
        Assert.Equal(["PutRolePolicy"], (await _cloud.OperationsAsync()).Where(o => !o.StartsWith("Describe", StringComparison.Ordinal)));
        await _cloud.FaultAsync(new { kind = "deny", operation = "PutRolePolicy" });
        Assert.Null(await EnsureAsync(second));
        await _cloud.ClearFaultsAsync();

        var profile = (await _session.Iam.GetInstanceProfileAsync(new GetInstanceProfileRequest { InstanceProfileName = Name })).InstanceProfile;
        Assert.Equal(Name, Assert.Single(profile.Roles).RoleName);
        Assert.Contains(profile.Tags, t => t is { Key: "fe2:role", Value: "monitor" });

        Assert.Empty((await RemoveAsync(first)).Problems);
        Assert.NotNull(await RoleAsync());
        Assert.Empty((await RemoveAsync(second)).Problems);
        Assert.Null(await RoleAsync());
    }

    [Fact]
    public async Task AMonitorWithAnotherProfileKeepsItAndNothingIsMade()
    {
        await _session.Iam.CreateInstanceProfileAsync(new CreateInstanceProfileRequest { InstanceProfileName = "mine" });
        var monitor = await MonitorAsync("od1");
        await _session.Ec2.AssociateIamInstanceProfileAsync(new AssociateIamInstanceProfileRequest
        {
            InstanceId = monitor.InstanceId,
            IamInstanceProfile = new IamInstanceProfileSpecification { Name = "mine" },
        });
        Assert.Contains("instance profile mine already", await EnsureAsync(monitor));
        Assert.Null(await RoleAsync());
    }

    [Theory]
    [InlineData("CreateRole")]
    [InlineData("GetInstanceProfile")]
    [InlineData("AssociateIamInstanceProfile")]
    public async Task WhoeverMayNotMakeItIsToldAndNothingIsLeft(string operation)
    {
        var monitor = await MonitorAsync("od1");
        await _cloud.FaultAsync(new { kind = "deny", operation });
        var refusal = await Assert.ThrowsAsync<Fe2Exception>(() => EnsureAsync(monitor));
        Assert.Equal("Unauthorized", refusal.Id);
        await _cloud.ClearFaultsAsync();
        Assert.Null(await RoleAsync());
    }

    [Fact]
    public async Task ARoleThatCannotBeRemovedIsAProblemThatNamesIt()
    {
        var monitor = await MonitorAsync("od1");
        Assert.Null(await EnsureAsync(monitor));
        await _cloud.FaultAsync(new { kind = "deny", operation = "DeleteRole*" });
        var problem = Assert.Single((await RemoveAsync(monitor)).Problems);
        Assert.Equal("RoleLeft", problem.Id);
        Assert.Contains(Name, problem.Message);
    }

    [Fact]
    public async Task WithoutTheRightsAWarningNamesTheNextStepAndTheJobStaysWithTheComputersThatWait()
    {
        var monitor = await MonitorAsync("od1");
        await _cloud.FaultAsync(new { kind = "deny", operation = "CreateRole" });
        var (here, there) = (Machine("i-1", "spot2", "vpc-1"), Machine(monitor.InstanceId, "od1", "vpc-1"));
        Assert.Matches("may not do that.*Wait-Fe2Script train.*-NoSupervisor", await WarningAsync(TheJob(here, there)));
    }

    [Fact]
    public async Task OnlyTheRoleOfAJobsMachineIsHandedOnAndOnlyWhereTheCallerMaySaySo()
    {
        var monitor = await MonitorAsync("od1");
        Assert.Null(await EnsureAsync(monitor));
        string profile = await ProfileAsync("mine");
        var role = new SupervisorRole(_session);
        await _cloud.FaultAsync(new { kind = "deny", operation = "PutRolePolicy" });
        Assert.Matches("instance profile mine, .* refused", await role.HandOnAsync(profile, default));
        await _cloud.ClearFaultsAsync();
        Assert.Contains("cannot be found", await role.HandOnAsync(profile + "less", default));

        Assert.Null(await role.HandOnAsync(profile, default));
        Assert.Null(await role.HandOnAsync(profile, default));
        var policies = (await _session.Iam.ListRolePoliciesAsync(new ListRolePoliciesRequest { RoleName = Name })).PolicyNames;
        Assert.Equal(["fe2-pass-mine", SupervisorPolicy.Name], policies.Order(StringComparer.Ordinal));
        using var policy = JsonDocument.Parse(SupervisorPolicy.HandOn("arn:aws-cn:iam::1:role/mine", "cn-north-1"));
        var statement = Assert.Single(policy.RootElement.GetProperty("Statement").EnumerateArray());
        Assert.Equal("""["iam:PassRole"]["arn:aws-cn:iam::1:role/mine"]""", statement.GetProperty("Action").GetRawText() + statement.GetProperty("Resource").GetRawText());
        Assert.Equal("""{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com.cn"}}""", statement.GetProperty("Condition").GetRawText());

        Assert.Empty((await RemoveAsync(monitor)).Problems);
        Assert.Null(await RoleAsync());
    }

    private async Task<string> ProfileAsync(string name)
    {
        await _session.Iam.CreateRoleAsync(new CreateRoleRequest { RoleName = name, AssumeRolePolicyDocument = SupervisorPolicy.Trust("us-east-2") });
        var made = await _session.Iam.CreateInstanceProfileAsync(new CreateInstanceProfileRequest { InstanceProfileName = name });
        await _session.Iam.AddRoleToInstanceProfileAsync(new AddRoleToInstanceProfileRequest { InstanceProfileName = name, RoleName = name });
        return made.InstanceProfile.Arn;
    }

    private async Task<string> WarningAsync(Job job)
    {
        var reports = new List<Fe2Report>();
        var said = new Said(reports);
        Assert.False(await new Supervisor(_session, new CloudJobs(_session, new FakeConnector())).StartAsync(job, said));
        return Assert.Single(reports.OfType<WarningReport>()).Message;
    }

    private static JobMachine Machine(string id, string name, string vpc) =>
        new(new SshTarget(id, name, "198.51.100.1", "ubuntu", null, null), "10.0.0.5", vpc);

    private static Job TheJob(JobMachine target, JobMachine monitor) => new("job-00000000", "train", "train.sh", JobState.Running)
    {
        TargetId = target.Id,
        TargetName = target.Name,
        Target = target,
        MonitorId = monitor.Id,
        MonitorName = monitor.Name,
        Monitor = monitor,
        Recovery = new RecoveryFacts(
            new RecoveryOptions(),
            new ReplacementMachine("spot2", "ami-1", "m5.large", "us-east-2b", 8, "default", [], "ubuntu", null, true, new Dictionary<string, string>()),
            InterruptSignal.USR1,
            [new JobAttempt(1, "i-1", "m5.large", "us-east-2b", true, 0.03m) { Started = DateTimeOffset.UnixEpoch }]),
    };

    private sealed class Said(List<Fe2Report> reports) : IProgress<Fe2Report>
    {
        public void Report(Fe2Report value) => reports.Add(value);
    }

    [Fact]
    public void WhatTheShellWritesOfTheMachinesIsWhatIsKnownOfThem()
    {
        var facts = TheJob(Machine("i-1", "a", "v"), Machine("i-2", "b", "v")).Recovery!;
        Assert.Equal("1 i-1 m5.large us-east-2b spot 0.03 1970-01-01T00:00:00Z - -\n", AttemptLines.Write(facts.Attempts));
        Assert.Same(facts, AttemptLines.Merge(facts, null));
        Assert.Same(facts, AttemptLines.Merge(facts, "cut of\n"));
        var merged = AttemptLines.Merge(
            facts,
            "1 i-1 m5.large us-east-2b spot - 1970-01-01T00:00:00Z 1970-01-01T01:00:00Z interrupted\n2 i-2 m5a.large us-east-2a on-demand 0.08 - - -\n");
        Assert.Equal(
            [
                facts.Last with { Ended = DateTimeOffset.UnixEpoch.AddHours(1), End = "interrupted" },
                new JobAttempt(2, "i-2", "m5a.large", "us-east-2a", false, 0.08m),
            ],
            merged.Attempts);
        Assert.Equal(merged.Attempts, AttemptLines.Merge(facts, AttemptLines.Write(merged.Attempts)).Attempts);
    }

    [Theory]
    [InlineData("us-east-2", "aws")]
    [InlineData("cn-north-1", "aws-cn")]
    [InlineData("us-gov-west-1", "aws-us-gov")]
    public void ThePolicyAllowsOnlyMachinesOfJobsInOneRegionAndHandsOnNoRole(string region, string partition)
    {
        // A role's own policies have room for 10,240 characters (IAM and STS quotas, in the IAM user guide).
        Assert.InRange(SupervisorPolicy.For(region).Length, 1, 10_240);
        using var policy = JsonDocument.Parse(SupervisorPolicy.For(region));
        var statements = policy.RootElement.GetProperty("Statement").EnumerateArray().ToList();
        Assert.Equal(
            [
                "ec2:AttachVolume", "ec2:CancelSpotInstanceRequests", "ec2:CreateSnapshot", "ec2:CreateTags", "ec2:CreateVolume", "ec2:DeleteSnapshot", "ec2:DeleteTags",
                "ec2:DeleteVolume", "ec2:DescribeInstances", "ec2:DescribeSnapshots", "ec2:DescribeSpotInstanceRequests", "ec2:DescribeVolumes", "ec2:DetachVolume",
                "ec2:RunInstances", "ec2:TerminateInstances",
            ],
            statements.SelectMany(s => s.GetProperty("Action").EnumerateArray()).Select(a => a.GetString()).Distinct().Order());
        foreach (var statement in statements)
        {
            Assert.Equal("Allow", statement.GetProperty("Effect").GetString());
            var condition = statement.GetProperty("Condition");
            Assert.Equal(region, condition.GetProperty("StringEquals").GetProperty("aws:RequestedRegion").GetString());
            var resources = statement.GetProperty("Resource").EnumerateArray().Select(r => r.GetString()!).ToList();
            Assert.All(resources.Where(r => r != "*"), r => Assert.StartsWith($"arn:{partition}:ec2:{region}:", r));
            var actions = statement.GetProperty("Action").EnumerateArray().Select(a => a.GetString()!).ToList();
            Assert.True(!resources.Contains("*") || actions.All(a => a.StartsWith("ec2:Describe", StringComparison.Ordinal)));
            // Nothing that runs is made, changed or ended without the mark of a job.
            if (resources.Any(r => r.EndsWith(":instance/*", StringComparison.Ordinal)))
                Assert.Matches("RequestTag/fe2:role|ResourceTag/fe2:role|ResourceTag/fe2:job-id|ec2:CreateAction", condition.GetRawText());
            if (resources.Any(r => r.EndsWith(":volume/*", StringComparison.Ordinal)))
                Assert.Matches("RequestTag/fe2:role|RequestTag/fe2:job-volume|ResourceTag/fe2:job-volume|ec2:CreateAction", condition.GetRawText());
        }
    }

    [SkippableBotocore]
    public async Task TheShellSignsAsBotocoreDoes()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Fe2Ps.sln")))
            folder = folder.Parent!;
        var script = Path.Combine(folder.FullName, "src/Fe2Ps.Core/Scripts/Remote/aws.sh");
        var body = Path.Combine(_cloud.Home, "body");
        await File.WriteAllTextAsync(body, "Action=RunInstances&TagSpecification.1.Tag.1.Value=%EC%83%88%20%24y&Version=2016-11-15");
        foreach (var token in new[] { "", "IQoJ//b3+JpZ2luX2VjE==" })
        {
            const string secret = "wJalr/XUtn+FEMI%K7MDENG/bPxRfiCYEXAMPLEKEY";
            var wanted = await RunAsync("/usr/bin/python3", ["-c", Botocore, body, secret, token]);
            Assert.StartsWith("AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/20260102/us-east-2/ec2/aws4_request", wanted);
            foreach (var shell in new[] { "/bin/bash", "/bin/dash" }.Where(File.Exists))
            {
                var signed = await RunAsync(
                    shell,
                    ["-c", ". \"$1\"; access_key=ASIAEXAMPLE; secret_key=$3; session_token=$4; sign ec2.us-east-2.amazonaws.com us-east-2 ec2 20260102T030405Z \"$2\"; echo \"$authorization\"", "sh", script, body, secret, token]);
                Assert.Equal(wanted, signed);
            }
        }
    }

    private const string Botocore = """
        import datetime, sys
        import botocore.auth as auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        now = datetime.datetime(2026, 1, 2, 3, 4, 5)
        class Clock(datetime.datetime):
            @classmethod
            def utcnow(cls): return now
            @classmethod
            def now(cls, tz=None): return now
        if hasattr(auth, 'get_current_datetime'):
            auth.get_current_datetime = lambda *a, **k: now
        else:
            auth.datetime.datetime = Clock if hasattr(auth.datetime, 'datetime') else None
        path, secret, token = sys.argv[1:4]
        request = AWSRequest('POST', 'https://ec2.us-east-2.amazonaws.com/', data=open(path, 'rb').read(), headers={'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8'})
        auth.SigV4Auth(Credentials('ASIAEXAMPLE', secret, token or None), 'ec2', 'us-east-2').add_auth(request)
        print(request.headers['Authorization'])
        """;

    private static async Task<string> RunAsync(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
        return output.Trim();
    }

    private Task<string?> EnsureAsync(Instance monitor) => new SupervisorRole(_session).EnsureAsync(monitor.InstanceId, default);

    private async Task<Instance> MonitorAsync(string name)
    {
        var made = (await new InstanceLauncher(_session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = name, NoWait = true }))[0];
        await Fe2Ps.Tests.Support.Until.TrueAsync(
            async () => InstanceFacts.StateOf(await new InstanceQuery(_session).GetAsync(made.InstanceId)) == "running", "it runs");
        return made;
    }

    private async Task<InstanceSelection> RemoveAsync(Instance monitor) =>
        await new InstanceActions(_session).RemoveAsync([await new InstanceQuery(_session).GetAsync(monitor.InstanceId)]);

    private async Task<Role?> RoleAsync()
    {
        try
        {
            return (await _session.Iam.GetRoleAsync(new GetRoleRequest { RoleName = Name })).Role;
        }
        catch (AmazonIdentityManagementServiceException e) when (e.ErrorCode == "NoSuchEntity")
        {
            return null;
        }
    }

    /// <summary>Skips by name where there is no botocore.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class SkippableBotocoreAttribute : FactAttribute
    {
        public SkippableBotocoreAttribute()
        {
            if (!File.Exists("/usr/lib/python3/dist-packages/botocore/auth.py"))
                Skip = "Needs /usr/bin/python3 with botocore (python3-botocore).";
        }
    }
}
