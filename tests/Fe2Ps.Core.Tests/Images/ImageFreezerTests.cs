using System.Text;
using Amazon.EC2.Model;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Images;

public sealed class ImageFreezerTests
{
    [Fact]
    public async Task AMachineBecomesAnImageThatIsNamedWithItsSnapshotsFromTheFirstMoment()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance machine = await MachineAsync(session, "base");
        await cloud.ForgetCallsAsync();

        Image image = await FreezerOf(session).FreezeAsync(machine, new FreezeRequest { Tags = new Dictionary<string, string> { ["team"] = "red" } });

        Assert.Equal(("base", "base", "red"), (image.Name, ImageFacts.NameOf(image), ImageFacts.TagOf(image, "team")));
        Assert.DoesNotContain("CreateTags", await cloud.OperationsAsync());
        var snapshots = (await cloud.RegionAsync())["snapshots"]!.AsArray();
        Assert.All(snapshots, s => Assert.Equal(("base", "red"), (s!["tags"]!["Name"]!.GetValue<string>(), s["tags"]!["team"]!.GetValue<string>())));
        Assert.StartsWith("me@", ImageFacts.TagOf(image, TagNames.Owner), StringComparison.Ordinal);
        Assert.Equal(ImageFacts.SnapshotIds(image).Count, snapshots.Count);
        Assert.Equal(image.ImageId, (await new ImageWaiter(session).WaitAsync([image], TimeSpan.FromSeconds(30))).Images.Single().ImageId);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhatIsFrozenKeepsItsLoginUserWhateverTheImageIsCalled(bool isWrittenDown)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Instance machine = await MachineAsync(await cloud.SessionAsync(), "rocky");
        if (!isWrittenDown)
            machine.Tags.RemoveAll(t => t.Key == TagNames.User);
        // The default of who freezes and launches has no say in it.
        new Core.Defaults.DefaultsFile(new Fe2Home(TestCloud.Here("me", Path.Combine(cloud.Home, "me")))).Change(d => d with { User = "admin" });
        Fe2Session session = await cloud.SessionAsync();

        Image image = await FreezerOf(session).FreezeAsync(machine, new FreezeRequest { Wait = true, NoReboot = true });

        Assert.Equal(("rocky", "ubuntu", "ubuntu"), (ImageFacts.NameOf(image), ImageFacts.TagOf(image, TagNames.User), InstanceTargets.UserOf(image)));
        var connector = new FakeConnector();
        Instance next = Assert.Single(await new InstanceLauncher(session, connector).LaunchAsync(new LaunchRequest { Name = "r2", Image = "rocky" }));
        Assert.Equal(("ubuntu", "ubuntu"), (InstanceFacts.TagOf(next, TagNames.User), Assert.Single(connector.Asked).User));

        // Of a machine that somebody else launched, nobody knows.
        machine.Tags.RemoveAll(t => t.Key is TagNames.User or TagNames.Launch);
        Image foreign = await FreezerOf(session).FreezeAsync(machine, new FreezeRequest { Name = "foreign", NoReboot = true });
        Assert.Null(ImageFacts.TagOf(foreign, TagNames.User));
    }

    [Fact]
    public async Task ANameInUseIsRefusedWithTheImageItsAgeAndTheWaysOut()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance machine = await MachineAsync(session, "base");
        Image first = await FreezerOf(session).FreezeAsync(machine, new FreezeRequest { Wait = true, NoReboot = true });

        Fe2Exception refusal = await Assert.ThrowsAsync<Fe2Exception>(() => FreezerOf(session).FreezeAsync(machine, new FreezeRequest()));

        Assert.Equal("ImageNameTaken", refusal.Id);
        Assert.Contains(first.ImageId, refusal.Message, StringComparison.Ordinal);
        Assert.Matches(@"made \d+s ago", refusal.Message);
        Assert.Contains("-Force", refusal.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ForceReplacesTheOldImageOnlyWhenTheNewOneIsAvailable()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance machine = await MachineAsync(session, "base");
        Image first = await FreezerOf(session).FreezeAsync(machine, new FreezeRequest { Wait = true, NoReboot = true });
        await cloud.FaultAsync(new { kind = "image-fails", code = "Client.VolumeLost: The volume was lost", times = 1 });

        Fe2Exception failure = await Assert.ThrowsAsync<Fe2Exception>(
            () => FreezerOf(session).FreezeAsync(machine, new FreezeRequest { Replace = true, NoReboot = true }));

        Assert.Equal("ImageFailed", failure.Id);
        Assert.Contains("Client.VolumeLost: The volume was lost", failure.Message, StringComparison.Ordinal);
        Assert.Contains("taken away again", failure.Message, StringComparison.Ordinal);
        Assert.Equal(first.ImageId, Assert.Single((await cloud.RegionAsync())["images"]!.AsArray())!["id"]!.GetValue<string>());

        Image second = await FreezerOf(session).FreezeAsync(machine, new FreezeRequest { Replace = true, NoReboot = true });

        Assert.Equal("base", ImageFacts.NameOf(second));
        Assert.Equal(second.ImageId, (await new ImageFinder(session).GetAsync("base")).ImageId);
        Assert.Equal(second.ImageId, Assert.Single((await cloud.RegionAsync())["images"]!.AsArray())!["id"]!.GetValue<string>());
        Assert.Equal(ImageFacts.SnapshotIds(second), (await cloud.RegionAsync())["snapshots"]!.AsArray().Select(s => s!["id"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("훈련 기계")]
    [InlineData("od")]
    [InlineData("a:b")]
    public async Task AnyInstancesNameWillDo(string name)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Image image = await FreezerOf(session).FreezeAsync(await MachineAsync(session, name), new FreezeRequest { Wait = true });

        Assert.Equal(name, ImageFacts.NameOf(image));
        Assert.Equal(image.ImageId, (await new ImageFinder(session).GetAsync(name)).ImageId);
        Assert.Equal("ImageNameTaken", (await Assert.ThrowsAsync<Fe2Exception>(
            async () => await FreezerOf(session).FreezeAsync(await new InstanceQuery(session).GetAsync(name), new FreezeRequest()))).Id);
    }

    [Fact]
    public async Task AnAnswerThatWasLostLeavesOneImageAndFindsIt()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance machine = await MachineAsync(session, "base");
        await cloud.FaultAsync(new { kind = "lost-answer", operation = "CreateImage", times = 1 });

        Image image = await FreezerOf(session).FreezeAsync(machine, new FreezeRequest());

        Assert.Equal(image.ImageId, Assert.Single((await cloud.RegionAsync())["images"]!.AsArray())!["id"]!.GetValue<string>());
    }

    [Fact]
    public async Task AnInterruptedOrderSaysThatTheImageMayCome()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance machine = await MachineAsync(session, "base");
        await cloud.FaultAsync(new { kind = "lost-answer", operation = "CreateImage", times = 1 });
        await cloud.FaultAsync(new { kind = "slow", operation = "CreateImage", seconds = 2 });
        using var stop = new CancellationTokenSource();
        var reports = new Reports();

        // Its first answer is lost, and the repeated order is on the way.
        Task<Image> freezing = FreezerOf(session).FreezeAsync(machine, new FreezeRequest { NoReboot = true }, reports, stop.Token);
        await Until.TrueAsync(async () => (await cloud.RegionAsync())["images"]!.AsArray().Count > 0, "the image is being made");
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => freezing);
        Assert.Contains(reports.Warnings, w => w.Contains("Interrupted", StringComparison.Ordinal) && w.Contains("Remove-Fe2Ami", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AnOldImageThatCannotBeRemovedDoesNotHideTheNewOne()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance machine = await MachineAsync(session, "base");
        Image first = await FreezerOf(session).FreezeAsync(machine, new FreezeRequest { Wait = true, NoReboot = true });
        await cloud.FaultAsync(new { kind = "deny", operation = "DeregisterImage" });
        var reports = new Reports();

        Image second = await FreezerOf(session).FreezeAsync(machine, new FreezeRequest { Replace = true, NoReboot = true }, reports);

        Assert.Equal("available", ImageFacts.StateOf(second));
        Assert.NotEqual(first.ImageId, second.ImageId);
        Assert.Contains(reports.Warnings, w => w.Contains($"Remove-Fe2Ami {first.ImageId} -Force", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AWaitThatEndsEarlyNamesTheOldImageThatStaysAndCosts(bool fails)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance machine = await MachineAsync(session, "base");
        Image first = await FreezerOf(session).FreezeAsync(machine, new FreezeRequest { Wait = true, NoReboot = true });
        using var stop = new CancellationTokenSource();
        var reports = new AtProgress(() =>
        {
            if (fails)
                cloud.FaultAsync(new { kind = "deny", operation = "DescribeImages" }).GetAwaiter().GetResult();
            else
                stop.Cancel();
        });

        Exception end = await Assert.ThrowsAnyAsync<Exception>(
            () => FreezerOf(session).FreezeAsync(machine, new FreezeRequest { Replace = true, NoReboot = true }, reports, stop.Token));

        Assert.Equal(!fails, end is OperationCanceledException);
        string[] ids = [.. (await cloud.RegionAsync())["images"]!.AsArray().Select(i => i!["id"]!.GetValue<string>())];
        string second = Assert.Single(ids, id => id != first.ImageId);
        Assert.Contains(first.ImageId, ids);
        Assert.Contains(reports.Warnings, w => w.Contains($"{first.ImageId}, is kept and costs", StringComparison.Ordinal)
            && w.Contains($"When {second} is available: Remove-Fe2Ami {first.ImageId} -Force -Region us-east-2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ANameOfSeveralImagesIsAProblemForWhoActsAndAnIdIsNot()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance machine = await MachineAsync(session, "base");
        Image[] twins = await TwinsAsync(session, machine);
        var finder = new ImageFinder(session);

        ImageSelection found = await finder.ResolveAsync(["base", twins[1].ImageId]);

        Assert.Equal(twins[1].ImageId, Assert.Single(found.Images).ImageId);
        Fe2Exception problem = Assert.Single(found.Problems);
        Assert.Equal(("ImageAmbiguous", "base"), (problem.Id, problem.Target));
        Assert.All(twins, i => Assert.Contains(i.ImageId, problem.Message, StringComparison.Ordinal));
        Assert.Equal(2, (await finder.ResolveAsync(["bas*"])).Images.Count);
        Assert.Equal(2, (await finder.SelectAsync(["base"])).Images.Count);
        Assert.Empty((await finder.ResolveAsync(["none"])).Images);
    }

    [Fact]
    public async Task WhatTheMachineLacksAndWhatRunsOnItIsSaidAndNothingHoldsUpTheFreezing()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance machine = await MachineAsync(session, "base");
        var reports = new Reports();

        await new ImageFreezer(session, new Seen("missing tmux\nmissing lsyncd\nruns train\n")).FreezeAsync(machine, new FreezeRequest { Name = "one" }, reports);

        Assert.Contains(reports.Warnings, w => w.Contains("base has no tmux, lsyncd", StringComparison.Ordinal));
        Assert.Contains(reports.Warnings, w => w.Contains("The job 'train' runs on base. The restart ends", StringComparison.Ordinal));
        Assert.Contains(reports.Warnings, w => w.StartsWith("base restarts now", StringComparison.Ordinal));

        var quiet = new Reports();
        await new ImageFreezer(session, new Seen(null)).FreezeAsync(machine, new FreezeRequest { Name = "two", NoReboot = true }, quiet);
        Assert.Empty(quiet.Warnings);
        Assert.Contains(quiet.All.OfType<VerboseReport>(), v => v.Message.Contains("could not be looked at", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ProgressIsReadFromTheSnapshots()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        var reports = new Reports();

        Image image = await FreezerOf(session).FreezeAsync(await MachineAsync(session, "base"), new FreezeRequest { Wait = true }, reports);

        Assert.Equal(100, (await new ImageWaiter(session).PercentAsync([image]))[image.ImageId]);
        Assert.Contains(reports.All.OfType<ProgressReport>(), p => p.Activity == "Freezing base" && p.Percent is not null);
    }

    [Fact]
    public async Task WhatCannotBeIsSaidBeforeAnythingIsMade()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance machine = await MachineAsync(session, "base");
        async Task<string> IdOf(FreezeRequest request) => (await Assert.ThrowsAsync<Fe2Exception>(() => FreezerOf(session).FreezeAsync(machine, request))).Id;

        Assert.Equal("ImageNameInvalid", await IdOf(new FreezeRequest { Name = "ba*" }));
        Assert.Equal("DescriptionTooLong", await IdOf(new FreezeRequest { Description = new string('x', 256) }));
        Assert.Equal("TagReserved", await IdOf(new FreezeRequest { Tags = new Dictionary<string, string> { ["Name"] = "x" } }));
        machine.State = new InstanceState { Name = Amazon.EC2.InstanceStateName.ShuttingDown };
        Assert.Equal("InstanceCannotFreeze", await IdOf(new FreezeRequest()));
        Assert.DoesNotContain("CreateImage", await cloud.OperationsAsync());
    }

    [Fact]
    public async Task ListsGoByOwnerAndName()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance machine = await MachineAsync(session, "base");
        await FreezerOf(session).FreezeAsync(machine, new FreezeRequest { Name = "ubuntu mine", Wait = true, NoReboot = true });
        var finder = new ImageFinder(session);

        Assert.Equal("ubuntu mine", Assert.Single(await finder.ListAsync(["ubuntu*"])).Name);
        Assert.All(await finder.ListAsync(["ubuntu*"], null, ["canonical"]), i => Assert.Equal(ImageFinder.Canonical, i.OwnerId));
        Assert.All(await finder.ListAsync(["ubuntu*"], "arm64", [ImageFinder.Canonical]), i => Assert.Equal("arm64", i.Architecture.Value));
        Assert.Equal("ImageNotFound", (await Assert.ThrowsAsync<Fe2Exception>(() => finder.ListAsync(["base"], null, ["self"]))).Id);
        Assert.Equal("OwnerInvalid", (await Assert.ThrowsAsync<Fe2Exception>(() => finder.ListAsync(["x"], null, ["nobody"]))).Id);
    }

    internal static async Task<Instance> MachineAsync(Fe2Session session, string name)
    {
        Instance launched = Assert.Single(await new InstanceLauncher(session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = name }));
        return Assert.Single((await new InstanceWaiter(session).WaitAsync([launched], "running", TimeSpan.FromSeconds(30))).Instances);
    }

    /// <summary>Two images of one name, as an interrupted replacement leaves them.</summary>
    private static async Task<Image[]> TwinsAsync(Fe2Session session, Instance machine)
    {
        Image first = await FreezerOf(session).FreezeAsync(machine, new FreezeRequest { Wait = true, NoReboot = true });
        Image second = await FreezerOf(session).FreezeAsync(machine, new FreezeRequest { Name = "other", Wait = true, NoReboot = true });
        await session.Ec2.CreateTagsAsync(new CreateTagsRequest { Resources = [second.ImageId], Tags = [new Tag(TagNames.Name, "base")] });
        return [first, second];
    }

    internal static ImageFreezer FreezerOf(Fe2Session session) => new(session, new FakeConnector());

    /// <summary>Does something when the first progress is reported.</summary>
    private sealed class AtProgress(Action act) : IProgress<Fe2Report>
    {
        private readonly List<string> warnings = [];
        private bool hasActed;

        public IReadOnlyList<string> Warnings => warnings;

        public void Report(Fe2Report value)
        {
            if (value is WarningReport warning)
                warnings.Add(warning.Message);
            if (value is not ProgressReport { Activity: "Freezing base" } || hasActed)
                return;
            hasActed = true;
            act();
        }
    }

    /// <summary>A machine that answers every command with this; null never answers.</summary>
    private sealed class Seen(string? output) : ISshConnector, ISshSession
    {
        public SshTarget Target => throw new NotSupportedException();

        public Task<ISshSession> OpenAsync(SshTarget target, CancellationToken cancellationToken = default) => Task.FromResult<ISshSession>(this);

        public async Task<SshResult> RunAsync(string command, Stream? input = null, CancellationToken cancellationToken = default)
        {
            if (output is null)
                throw new Fe2Exception("SshUnreachable", Fe2ErrorKind.Connection, "No route to host.", "Wait.", null);
            await Task.Yield();
            return new SshResult(0, Encoding.UTF8.GetBytes(output), []);
        }

        public Task<string> WaitUntilReadyAsync(SshTarget target, TimeSpan timeout, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<SshInvocation> InteractiveAsync(SshTarget target, IReadOnlyList<Tunnel> tunnels, string? command = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task CloseAsync(SshTarget target, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public HostKey? PinnedKey(string instanceId) => null;

        public Task ForgetAsync(string instanceId, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task<int> StreamAsync(string command, Action<SshOutput> output, Stream? input = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task SendAsync(IReadOnlyList<string> localPaths, string remoteFolder, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task ReceiveAsync(string remoteFolder, string localFolder, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<IAsyncDisposable> OpenTunnelsAsync(IReadOnlyList<Tunnel> tunnels, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
