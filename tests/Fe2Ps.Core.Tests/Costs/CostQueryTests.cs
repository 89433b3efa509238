using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.ElasticFileSystem.Model;
using Fe2Ps.Core.Costs;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Tests.Images;
using Tag = Amazon.EC2.Model.Tag;

namespace Fe2Ps.Core.Tests.Costs;

public sealed class CostQueryTests
{
    [Fact]
    public async Task EverythingThatCostsIsThereWithItsPrice()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance machine = await ImageFreezerTests.MachineAsync(session, "base");
        Image image = await ImageFreezerTests.FreezerOf(session).FreezeAsync(machine, new FreezeRequest { Name = "frozen", Wait = true, NoReboot = true });
        await new InstanceLauncher(session, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "spot2", InstanceType = "m5.large", Spot = true });
        string volume = (await session.Ec2.CreateVolumeAsync(new CreateVolumeRequest
        {
            AvailabilityZone = "us-east-2a",
            Size = 100,
            VolumeType = VolumeType.Gp3,
        })).Volume.VolumeId;
        string address = (await session.Ec2.AllocateAddressAsync(new AllocateAddressRequest())).AllocationId;

        CostSelection found = await new CostQuery(session).ListAsync();

        Assert.Empty(found.Problems);
        CostItem One(CostKind kind, string name) => Assert.Single(found.Items, i => i.Kind == kind && i.Name == name);
        Assert.Equal((0.0104m, null), (One(CostKind.Instance, "base").UsdPerHour, One(CostKind.Instance, "base").Estimate));
        Assert.Equal(decimal.Round(0.0104m / 60, 6), decimal.Round(One(CostKind.Instance, "base").UsdSoFar!.Value, 6), 4);
        CostItem spot = One(CostKind.Instance, "spot2");
        Assert.Equal("m5.large spot", spot.Description);
        Assert.InRange(spot.UsdPerHour!.Value, 0.001m, 0.095m);
        Assert.Contains("spot", spot.Estimate, StringComparison.Ordinal);
        CostItem disk = Assert.Single(found.Items, i => i.Id == volume);
        Assert.True(disk.IsIdle);
        Assert.Equal(8.00m, disk.UsdPerMonth);
        Assert.Equal(0.64m, One(CostKind.Volume, "base").UsdPerMonth);
        CostItem snapshot = One(CostKind.Snapshot, "frozen");
        Assert.Equal((ImageFacts.SnapshotIds(image)[0], "8 GiB, image frozen", 0.40m), (snapshot.Id, snapshot.Description, snapshot.UsdPerMonth));
        Assert.Contains("at most", snapshot.Estimate, StringComparison.Ordinal);
        CostItem idle = Assert.Single(found.Items, i => i.Id == address);
        Assert.Equal((true, 0.005m, null), (idle.IsIdle, idle.UsdPerHour, idle.UsdSoFar));
        Assert.Equal(0.005m, One(CostKind.Address, "base").UsdPerHour);
    }

    [Fact]
    public async Task WhatWasSpentCanBeCountedFromATimeOnAndAStoppedMachineCostsItsDiskAlone()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        Instance machine = await ImageFreezerTests.MachineAsync(session, "base");
        string address = (await session.Ec2.AllocateAddressAsync(new AllocateAddressRequest())).AllocationId;
        DateTimeOffset ahead = DateTimeOffset.UtcNow.AddHours(1);

        CostSelection later = await new CostQuery(session).ListAsync(since: ahead);

        Assert.All(later.Items, i => Assert.Equal(0m, i.UsdSoFar));
        CostItem kept = Assert.Single((await new CostQuery(session).ListAsync(DateTimeOffset.UtcNow.AddHours(-2))).Items, i => i.Id == address);
        Assert.InRange(kept.UsdSoFar!.Value, 0.0099m, 0.0102m);

        await new InstanceActions(session).StopAsync([machine]);
        await new InstanceWaiter(session).WaitAsync([machine], "stopped", TimeSpan.FromSeconds(30));
        CostItem left = Assert.Single((await new CostQuery(session).ListAsync()).Items, i => i.Name == "base");
        Assert.Equal(CostKind.Volume, left.Kind);
    }

    [Theory]
    [InlineData("running", false, "Elastic IP 192.0.2.1")]
    [InlineData("stopped", true, "Elastic IP 192.0.2.1, idle: base (i-1) does not run")]
    public void AnAddressOfAMachineThatDoesNotRunIsIdleAndBothArePaidFor(string state, bool isIdle, string description)
    {
        var prices = new StoragePrices
        {
            Region = "us-east-2",
            AsOf = DateTimeOffset.UnixEpoch,
            VolumeGiBMonth = new Dictionary<string, decimal>(),
            IopsMonth = new Dictionary<string, decimal>(),
            AddressHour = 0.005m,
            IdleAddressHour = 0.006m,
        };
        var machine = new Instance { InstanceId = "i-1", PublicIpAddress = "192.0.2.1", State = new InstanceState { Name = InstanceStateName.FindValue(state) }, Tags = [new Tag("Name", "base")] };
        var address = new Address { AllocationId = "eipalloc-1", AssociationId = "eipassoc-1", InstanceId = "i-1", PublicIp = "192.0.2.1" };

        CostItem item = Assert.Single(new CostMeter("us-east-2", DateTimeOffset.UnixEpoch, null, prices).Addresses([machine], [address]));

        Assert.Equal((isIdle, description, isIdle ? 0.006m : 0.005m, "base"), (item.IsIdle, item.Description, item.UsdPerHour!.Value, item.Name));
    }

    // Standard 0.30 a GiB and month, seldom used 0.025, elastic 0.016, archive 0.008; in one zone 0.16 and 0.0133; 6.00 for a MiB/s above 1 for each 20 GiB.
    [Theory]
    [InlineData(100, 0, 0, null, "bursting", null, "100 GiB EFS", 30.00, "at its present size")]
    [InlineData(100, 40, 10, null, "bursting", null, "100 GiB EFS", 50 * 0.3 + 40 * 0.025 + 10 * 0.008, "at its present size, without reading and writing")]
    [InlineData(100, 40, 10, null, "elastic", null, "100 GiB EFS", 50 * 0.3 + 40 * 0.016 + 10 * 0.008, "at its present size, without reading and writing")]
    [InlineData(100, 40, 0, "us-east-2a", "elastic", null, "100 GiB EFS", 60 * 0.16 + 40 * 0.0133, "at its present size, without reading and writing")]
    [InlineData(100, 0, 0, null, "provisioned", 8.0, "100 GiB EFS, 8 MiB/s", 30 + 3 * 6, "at its present size")]
    [InlineData(100, 0, 0, null, "provisioned", 4.0, "100 GiB EFS, 4 MiB/s", 30.00, "at its present size")]
    public async Task AFileSystemCostsWhatItHoldsWhereItHoldsIt(
        long all, long seldom, long archived, string? zone, string mode, double? throughput, string description, double month, string estimate)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        var meter = new CostMeter("us-east-2", DateTimeOffset.UnixEpoch.AddHours(10), null, await new PriceList(await cloud.SessionAsync()).StorageAsync());

        CostItem item = meter.FileSystem(new FileSystemDescription
        {
            FileSystemId = "fs-1",
            Name = "shared",
            CreationTime = DateTime.UnixEpoch,
            SizeInBytes = new FileSystemSize { Value = all << 30, ValueInIA = seldom << 30, ValueInArchive = archived << 30 },
            NumberOfMountTargets = 0,
            AvailabilityZoneName = zone,
            ThroughputMode = mode,
            ProvisionedThroughputInMibps = throughput ?? 0,
            Tags = [new Amazon.ElasticFileSystem.Model.Tag { Key = TagNames.Owner, Value = "me@here" }],
        });

        Assert.Equal((CostKind.FileSystem, "shared", description, "me@here", estimate, true), (item.Kind, item.Name, item.Description, item.Owner, item.Estimate, item.IsIdle));
        Assert.Equal(decimal.Round((decimal)month, 2), item.UsdPerMonth);
        Assert.Equal(10 * item.UsdPerHour!.Value, item.UsdSoFar!.Value, 5);
    }

    [Fact]
    public async Task SharedFileSystemsAreAmongWhatCosts()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        await session.FileSystems.CreateFileSystemAsync(new CreateFileSystemRequest { CreationToken = "t", Tags = [new() { Key = "Name", Value = "shared" }] });
        await cloud.SeedAsync(new { fileSystemSizes = new Dictionary<string, int> { ["shared"] = 20 } });

        CostItem item = Assert.Single((await new CostQuery(session).ListAsync()).Items, i => i.Kind == CostKind.FileSystem);

        Assert.Equal(("shared", "20 GiB EFS", 6.00m, true), (item.Name, item.Description, item.UsdPerMonth, item.IsIdle));
        await cloud.FaultAsync(new { kind = "deny", operation = "DescribeFileSystems" });
        Assert.Equal("Unauthorized", Assert.Single((await new CostQuery(session).ListAsync()).Problems).Id);
    }

    [Theory]
    [InlineData(null, "Linux")]
    [InlineData("Linux/UNIX", "Linux")]
    [InlineData("Windows", "Windows")]
    [InlineData("Windows BYOL", "Linux")]
    [InlineData("Red Hat Enterprise Linux", "RHEL")]
    [InlineData("Windows with SQL Server Standard", null)]
    public void ALicenceThatIsBroughtAlongIsNotPaidFor(string? platform, string? billedAs) =>
        Assert.Equal(billedAs, BilledSystem.Of(new Instance { PlatformDetails = platform }));

    [Fact]
    public async Task PricesInAnotherCurrencyAreNeverShownAsDollars()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session beijing = await cloud.SessionAsync(region: "cn-north-1");
        await Refused(() => new PriceList(beijing).OnDemandAsync(new PriceRequest { Patterns = ["m5"] }));
        await Refused(() => new PriceList(beijing).StorageAsync());
        await Refused(() => new SpotPriceHistory(beijing).ListAsync(new SpotPriceQuery(["m5.large"])));
        await Refused(() => new SpotNow(beijing).ListAsync(["m5.large"]));
        Assert.Empty(await cloud.OperationsAsync());

        static async Task Refused(Func<Task> ask)
        {
            Fe2Exception refused = await Assert.ThrowsAsync<Fe2Exception>(ask);
            Assert.Equal("CurrencyUnsupported", refused.Id);
            Assert.Contains("CNY", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task WhatMayNotBeLookedAtIsAProblemAndDoesNotHideTheRest()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        await ImageFreezerTests.MachineAsync(session, "base");
        await cloud.FaultAsync(new { kind = "deny", operation = "DescribeSnapshots" });
        await cloud.FaultAsync(new { kind = "deny", operation = "GetProducts" });

        CostSelection found = await new CostQuery(await cloud.SessionAsync("other")).ListAsync();

        Assert.Contains(found.Items, i => i is { Kind: CostKind.Instance, Name: "base", UsdPerHour: null, UsdSoFar: null, UsdPerMonth: null, Estimate: not null });
        Assert.All(found.Problems, p => Assert.Equal("Unauthorized", p.Id));
        Assert.InRange(found.Problems.Count, 2, 3);
    }

    [Fact]
    public void SumsAreInGroupsTheDearestFirstAndSayWhatTheyDoNotKnow()
    {
        CostItem[] items =
        [
            Item("a", 1m, 10m) with { Tags = new Dictionary<string, string> { ["team"] = "red" } },
            Item("b", 2m, 5m) with { Estimate = "spot" },
            Item("b", null, null),
            Item(null, 0.5m, null) with { Kind = CostKind.Address },
        ];

        Assert.Equal(["b", "a", ""], CostSum.By(items, "Name").Select(s => s.Group));
        Assert.Equal((2, 2m, 5m, 1, true), Of(CostSum.By(items, "name")[0]));
        Assert.Equal(["Instance", "Address"], CostSum.By(items, "kind").Select(s => s.Group));
        Assert.Equal(["", "red"], CostSum.By(items, "team").Select(s => s.Group));
        CostSum total = CostSum.Of("total", items);
        Assert.Equal((4, 3.5m, 15m, 2, true), Of(total));
        Assert.Equal(2555m, total.UsdPerMonth);
    }

    [Theory]
    [InlineData(16, 0, true, null)]
    [InlineData(14.99, 0, true, "BudgetExceeded")]
    [InlineData(14.99, 1, false, "BudgetExceeded")]
    [InlineData(16, 1, true, "BudgetUnknown")]
    [InlineData(16, 0, false, "BudgetUnknown")]
    public void ABudgetIsKeptOnlyWhereThatIsKnown(decimal budget, int withoutPrice, bool wasWhole, string? verdict) =>
        Assert.Equal(verdict, CostBudget.Judge(CostSum.Of("total", [Item("a", 1m, 15m)]), budget, withoutPrice, wasWhole)?.Id);

    [Theory]
    [InlineData(14.99, "BudgetExceeded")]
    [InlineData(15, "BudgetUnknown")]
    [InlineData(39.99, "BudgetUnknown")]
    [InlineData(40, null)]
    public void ABudgetIsKeptOnlyWhereThatIsKnownOfMachinesThatWereStartedAnewToo(decimal budget, string? verdict)
    {
        CostSum total = CostSum.Of("total", [Item("a", 1m, 5m), Item("b", 1m, 10m) with { UsdSoFarAtMost = 35m }]);
        Assert.Equal((15m, 40m), (total.UsdSoFar, total.UsdSoFarAtMost));
        Fe2Exception? judged = CostBudget.Judge(total, budget, 0, true);
        Assert.Equal(verdict, judged?.Id);
        if (verdict == "BudgetUnknown")
            Assert.Matches(@"\$15\.00 .* \$40\.00", judged!.Message);
    }

    // Now is 23:05; it was made at 0:00 and started for the last time at 23:00.
    [Theory]
    [InlineData(-1, false, 5, 23 * 60 + 5, "at least: it ran before its last start too")]
    [InlineData(20, false, 5, 3 * 60 + 5, "at least: it ran before its last start too")]
    [InlineData(20, true, 5, 3 * 60 + 5, "spot, at its present price, and at least: it ran before its last start too")]
    [InlineData(23, false, 5, null, null)]
    [InlineData(24, true, 0, null, "spot, at its present price")]
    [InlineData(null, false, 5, null, null)]
    public void AMachineThatWasStartedAnewCostsAtLeastWhatItCostSince(int? sinceHour, bool isSpot, int minutes, int? mostMinutes, string? estimate)
    {
        DateTimeOffset midnight = DateTimeOffset.UnixEpoch;
        var prices = new StoragePrices
        {
            Region = "us-east-2",
            AsOf = midnight,
            VolumeGiBMonth = new Dictionary<string, decimal>(),
            IopsMonth = new Dictionary<string, decimal>(),
            AddressHour = 0.6m,
        };
        Instance machine = Started(midnight.AddSeconds(1), midnight.AddHours(23));
        machine.InstanceLifecycle = isSpot ? InstanceLifecycleType.Spot : null;
        var meter = new CostMeter("us-east-2", midnight.AddMinutes(23 * 60 + 5), sinceHour is { } hour ? midnight.AddHours(hour) : null, prices);

        CostItem item = meter.Instance(machine, 6m);
        CostItem address = Assert.Single(meter.Addresses([machine], []));

        Assert.Equal((minutes * 0.1m, estimate), (item.UsdSoFar, item.Estimate));
        Assert.Equal(mostMinutes is null, item.UsdSoFarAtMost is null);
        Assert.Equal((mostMinutes ?? 0) * 0.1m, item.UsdSoFarAtMost ?? 0, 2);
        Assert.Equal((mostMinutes ?? 0) * 0.01m, address.UsdSoFarAtMost ?? 0, 3);
        Assert.Equal(mostMinutes is null ? null : "at least: it ran before its last start too", address.Estimate);
        Assert.Equal(mostMinutes is not null, CostBudget.Unsaid([item, address]).Count == 1);

        // The minute that is billed at least is no more than the most.
        CostItem young = new CostMeter("us-east-2", midnight.AddHours(23).AddSeconds(2), midnight.AddHours(23).AddSeconds(-2), prices).Instance(machine, 6m);
        Assert.Equal((0.1m, 0.1m), (young.UsdSoFar, young.UsdSoFarAtMost));

        // One that was launched and never stopped is in no doubt: its disk is attached some seconds before or after.
        Assert.Null(new CostMeter("us-east-2", midnight.AddHours(1), midnight.AddHours(-1), prices).Instance(Started(midnight.AddSeconds(2), midnight), 6m).UsdSoFarAtMost);
        Assert.Null(new CostMeter("us-east-2", midnight.AddHours(1), midnight.AddHours(-1), prices).Instance(Started(midnight, midnight.AddSeconds(9)), 6m).UsdSoFarAtMost);
    }

    [Fact]
    public void ABudgetWithMachinesThatWereStartedAnewSaysWhichAndHowMuchMoreItMayBe()
    {
        string unsaid = Assert.Single(CostBudget.Unsaid([Item("a", 1m, 5m), Item("b", 1m, 10m) with { UsdSoFarAtMost = 35m }]));
        Assert.Contains(": b.", unsaid, StringComparison.Ordinal);
        Assert.Contains("$25 more at most", unsaid, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsMissingInTheSumOfABudgetIsSaid()
    {
        Assert.Empty(CostBudget.Unsaid([Item("a", 1m, 15m), Item("b", null, null)]));
        string unsaid = Assert.Single(CostBudget.Unsaid([Item("a", 1m, 15m), Item("c", 0.005m, null) with { Description = "Elastic IP 192.0.2.1, idle" }]));
        Assert.Contains("Elastic IP 192.0.2.1, idle, $0.005 an hour", unsaid, StringComparison.Ordinal);
        Assert.Contains("-Since", unsaid, StringComparison.Ordinal);
    }

    private static (int Count, decimal PerHour, decimal SoFar, int Unknown, bool IsEstimate) Of(CostSum sum) =>
        (sum.Count, sum.UsdPerHour, sum.UsdSoFar, sum.Unknown, sum.IsEstimate);

    private static Instance Started(DateTimeOffset attached, DateTimeOffset start) => new()
    {
        InstanceId = "i-1",
        InstanceType = InstanceType.M5Large,
        PublicIpAddress = "192.0.2.1",
        State = new InstanceState { Name = InstanceStateName.Running },
        LaunchTime = start.UtcDateTime,
        RootDeviceName = "/dev/sda1",
        BlockDeviceMappings =
        [
            new InstanceBlockDeviceMapping { DeviceName = "/dev/sdf", Ebs = new EbsInstanceBlockDevice { AttachTime = start.UtcDateTime } },
            new InstanceBlockDeviceMapping { DeviceName = "/dev/sda1", Ebs = new EbsInstanceBlockDevice { AttachTime = attached.UtcDateTime } },
        ],
        Tags = [new Tag("Name", "b")],
    };

    private static CostItem Item(string? name, decimal? perHour, decimal? soFar) => new()
    {
        Kind = CostKind.Instance,
        Name = name,
        Id = $"i-{name}",
        Description = "t3.micro",
        UsdPerHour = perHour,
        UsdSoFar = soFar,
        Region = "us-east-2",
    };
}
