using Fe2Ps.Sandbox.Services;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Tests.Clients;
using Fe2Ps.Sandbox.Tests.Hosts;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Tests.Services;

public sealed class BackupTests(LocalSandbox sandbox) : IClassFixture<LocalSandbox>
{
    private const string Role = "arn:aws:iam::123456789012:role/dlm";

    [Fact]
    public async Task A_policy_makes_snapshots_of_its_volumes_and_keeps_as_many_as_it_says()
    {
        var volume = await VolumeAsync("policy");
        var other = await VolumeAsync("other");
        var id = (await sandbox.RestAsync("dlm", "POST", "/policies", Policy("policy", 6, 2))).GetProperty("PolicyId").GetString()!;
        var policy = sandbox.Region.Policies[id];
        var schedule = policy.Details.List("Schedules")[0];
        string? first = null;
        for (var round = 1; round <= 3; round++)
        {
            lock (sandbox.Cloud.Gate)
                sandbox.Server.Table.Lifecycle.Run(sandbox.Region, policy, schedule);
            await Deadline.UntilAsync(() => Of(volume).All(snapshot => snapshot.State == "completed") && Of(volume).Count == Math.Min(round, 2), $"round {round} is kept");
            first ??= Of(volume)[0].Id;
        }

        Assert.DoesNotContain(Of(volume), snapshot => snapshot.Id == first);
        Assert.All(Of(volume), snapshot => Assert.Equal((id, "every", "policy", "yes"),
            (snapshot.Tags["aws:dlm:lifecycle-policy-id"], snapshot.Tags["aws:dlm:lifecycle-schedule-name"], snapshot.Tags["backup"], snapshot.Tags["made"])));
        Assert.Empty(Of(other));
    }

    [Theory]
    [InlineData(6, "03:00", "2026-01-01T10:00:00Z", "2026-01-01T15:00:00Z")]
    [InlineData(24, "09:00", "2026-01-01T09:00:00Z", "2026-01-02T09:00:00Z")]
    [InlineData(1, null, "2026-01-01T23:59:59Z", "2026-01-02T00:00:00Z")]
    public void A_schedule_counts_from_its_time_of_day(int hours, string? time, string after, string next)
    {
        var schedule = new Fields { ["CreateRule"] = new Fields { ["Interval"] = hours, ["Times"] = time is null ? null : new List<object> { time } } };
        Assert.Equal(DateTimeOffset.Parse(next), LifecycleKeeper.Next(schedule, DateTimeOffset.Parse(after)));
    }

    [Fact]
    public async Task A_policy_is_found_changed_and_deleted()
    {
        Assert.Equal("InvalidRequestException", await CodeAsync("dlm", "POST", "/policies", Policy("x", 5, 2)));
        var id = (await sandbox.RestAsync("dlm", "POST", "/policies", Policy("found", 12, 7))).GetProperty("PolicyId").GetString()!;
        Assert.Equal(id, (await sandbox.RestAsync("dlm", "GET", "/policies?targetTags=backup%3Dfound&state=ENABLED")).GetProperty("Policies")[0].GetProperty("PolicyId").GetString());
        await sandbox.RestAsync("dlm", "PATCH", $"/policies/{id}", new { State = "DISABLED" });
        var whole = (await sandbox.RestAsync("dlm", "GET", $"/policies/{id}")).GetProperty("Policy");
        Assert.Equal(("DISABLED", "job"), (whole.GetProperty("State").GetString(), whole.GetProperty("Tags").GetProperty("fe2:kind").GetString()));
        await sandbox.RestAsync("dlm", "DELETE", $"/policies/{id}");
        var gone = await Assert.ThrowsAsync<ApiFailure>(() => sandbox.RestAsync("dlm", "GET", $"/policies/{id}"));
        Assert.Equal((404, "ResourceNotFoundException"), (gone.Status, gone.Code));
    }

    [Fact]
    public async Task A_file_system_has_one_mount_target_a_zone_and_stays_while_it_has_one()
    {
        const string root = "/2015-02-01";
        var id = (await sandbox.RestAsync("elasticfilesystem", "POST", root + "/file-systems", new { CreationToken = "t", Encrypted = true })).GetProperty("FileSystemId").GetString()!;
        Assert.Equal("FileSystemAlreadyExists", await CodeAsync("elasticfilesystem", "POST", root + "/file-systems", new { CreationToken = "t" }));
        await Deadline.UntilAsync(() => sandbox.Region.FileSystems[id].State == "available", "the file system is available");
        var target = new { FileSystemId = id, SubnetId = sandbox.Region.Subnets[0].Id };
        var made = (await sandbox.RestAsync("elasticfilesystem", "POST", root + "/mount-targets", target)).GetProperty("MountTargetId").GetString()!;
        Assert.Equal("MountTargetConflict", await CodeAsync("elasticfilesystem", "POST", root + "/mount-targets", target));
        Assert.Equal("FileSystemInUse", await CodeAsync("elasticfilesystem", "DELETE", $"{root}/file-systems/{id}", null));
        Assert.Equal(1, (await sandbox.RestAsync("elasticfilesystem", "GET", $"{root}/file-systems?FileSystemId={id}")).GetProperty("FileSystems")[0].GetProperty("NumberOfMountTargets").GetInt32());
        await sandbox.RestAsync("elasticfilesystem", "DELETE", $"{root}/mount-targets/{made}");
        await sandbox.RestAsync("elasticfilesystem", "DELETE", $"{root}/file-systems/{id}");
        Assert.Equal("FileSystemNotFound", await CodeAsync("elasticfilesystem", "DELETE", $"{root}/file-systems/{id}", null));
    }

    private static object Policy(string tag, int hours, int keep) => new
    {
        ExecutionRoleArn = Role,
        Description = "every few hours",
        State = "ENABLED",
        Tags = new Dictionary<string, string> { ["fe2:kind"] = "job" },
        PolicyDetails = new
        {
            ResourceTypes = new[] { "VOLUME" },
            TargetTags = new[] { new { Key = "backup", Value = tag } },
            Schedules = new[]
            {
                new
                {
                    Name = "every", CopyTags = true, TagsToAdd = new[] { new { Key = "made", Value = "yes" } },
                    CreateRule = new { Interval = hours, IntervalUnit = "HOURS" }, RetainRule = new { Count = keep },
                },
            },
        },
    };

    private async Task<string> VolumeAsync(string tag)
    {
        var made = await sandbox.CallAsync(
            "CreateVolume", "AvailabilityZone=us-east-2a", "Size=1", "TagSpecification.1.ResourceType=volume", "TagSpecification.1.Tag.1.Key=backup", $"TagSpecification.1.Tag.1.Value={tag}");
        var id = made.Descendants("volumeId").Single().Value;
        await Deadline.UntilAsync(() => sandbox.Region.Volumes[id].State == "available", "the volume is available");
        return id;
    }

    private List<Snapshot> Of(string volume)
    {
        lock (sandbox.Cloud.Gate)
            return [.. sandbox.Region.Snapshots.Values.Where(snapshot => snapshot.VolumeId == volume)];
    }

    private async Task<string> CodeAsync(string service, string method, string path, object? input)
        => (await Assert.ThrowsAsync<ApiFailure>(() => sandbox.RestAsync(service, method, path, input))).Code;
}

/// <summary>Debian's AWS CLI against the REST services.</summary>
public sealed class BackupClientTests(ServedSandbox sandbox) : IClassFixture<ServedSandbox>
{
    [ClientFact]
    public async Task The_AWS_CLI_makes_a_policy_and_a_file_system_and_reads_their_errors()
    {
        var made = await AwsAsync(
            "dlm", "create-lifecycle-policy", "--execution-role-arn", "arn:aws:iam::123456789012:role/dlm", "--description", "d", "--state", "ENABLED", "--policy-details",
            """{"ResourceTypes":["VOLUME"],"TargetTags":[{"Key":"a","Value":"b"}],"Schedules":[{"Name":"s","CreateRule":{"Interval":24,"IntervalUnit":"HOURS","Times":["09:00"]},"RetainRule":{"Count":3}}]}""",
            "--query", "PolicyId", "--output", "text");
        Assert.True(made.Code == 0, made.Error);
        var told = await AwsAsync("dlm", "get-lifecycle-policy", "--policy-id", made.Output.Trim(), "--query", "Policy.PolicyDetails.Schedules[0].RetainRule.Count", "--output", "text");
        Assert.Equal("3", told.Output.Trim());
        Assert.Equal(0, (await AwsAsync("dlm", "delete-lifecycle-policy", "--policy-id", made.Output.Trim())).Code);
        Assert.Contains("(ResourceNotFoundException)", (await AwsAsync("dlm", "get-lifecycle-policy", "--policy-id", made.Output.Trim())).Error, StringComparison.Ordinal);

        var system = await AwsAsync("efs", "create-file-system", "--creation-token", "cli", "--encrypted", "--tags", "Key=Name,Value=shared", "--query", "FileSystemId", "--output", "text");
        Assert.True(system.Code == 0, system.Error);
        Assert.Equal("shared", (await AwsAsync("efs", "describe-file-systems", "--query", "FileSystems[0].Name", "--output", "text")).Output.Trim());
        Assert.Equal(0, (await AwsAsync("efs", "delete-file-system", "--file-system-id", system.Output.Trim())).Code);
        Assert.Contains("(FileSystemNotFound)", (await AwsAsync("efs", "delete-file-system", "--file-system-id", system.Output.Trim())).Error, StringComparison.Ordinal);
    }

    private Task<(int Code, string Output, string Error)> AwsAsync(params string[] arguments) => sandbox.RunAsync("/usr/bin/aws", ["--endpoint-url", sandbox.Endpoint, .. arguments]);
}
