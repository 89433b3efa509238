using System.Diagnostics;
using Fe2Ps.Core.Completion;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.Completion;

public sealed class CompletionTests
{
    [Fact]
    public async Task NamesOfTheRegionsInstancesComeInOrder()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.SeedAsync(new { instances = 12, prefix = "job-" });
        await cloud.SeedAsync(new { instances = 1, prefix = "od" });
        var options = new SessionOptions("us-east-2", null, cloud.EndpointUrl);
        Fe2Environment here = TestCloud.Here("me", cloud.Home);

        await Until.TrueAsync(
            async () => (await CompletionCache.CompleteAsync(CompletionKind.InstanceName, "JOB-1", options, here)).SequenceEqual(["job-1", "job-10", "job-11", "job-12"]),
            "the names are known");
        // A shell that completes what all offers have in common would stand still at "o" if "job-1" were one of them.
        Assert.Equal(["od1"], await CompletionCache.CompleteAsync(CompletionKind.InstanceName, "o", options, here));
        Assert.Equal(["job-12"], await CompletionCache.CompleteAsync(CompletionKind.InstanceName, "12", options, here));
        await Until.TrueAsync(
            async () => (await CompletionCache.CompleteAsync(CompletionKind.InstanceType, "t3.", options, here)).Contains("t3.micro"), "the types are known");
        Assert.Equal(["us-east-2"], await CompletionCache.CompleteAsync(CompletionKind.Region, "ohi", options, here));
    }

    [Theory]
    [InlineData("slow")]
    [InlineData("deny")]
    public async Task APromptNeitherWaitsNorFails(string kind)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.FaultAsync(new { kind, seconds = 5 });

        var clock = Stopwatch.StartNew();
        IReadOnlyList<string> names = await CompletionCache.CompleteAsync(
            CompletionKind.InstanceName, "", new SessionOptions("us-east-2", null, cloud.EndpointUrl), TestCloud.Here("me", cloud.Home));

        Assert.Empty(names);
        // The promise is 250 ms; a test machine under load gets more.
        Assert.InRange(clock.ElapsedMilliseconds, 0, 1500);
    }

    [Fact]
    public async Task NothingToAskIsNoError() =>
        Assert.Empty(await CompletionCache.CompleteAsync(CompletionKind.InstanceName, "", new SessionOptions("atlantis", null, "nonsense")));
}
