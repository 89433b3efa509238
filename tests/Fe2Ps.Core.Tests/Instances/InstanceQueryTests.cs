using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.Instances;

public sealed class InstanceQueryTests
{
    [Fact]
    public async Task ThousandsAreListedAPageOfAThousandACall()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.SeedAsync(new { instances = 2500, prefix = "job-" });
        var query = new InstanceQuery(await cloud.SessionAsync());

        InstanceSelection all = await query.ListAsync(new InstanceSelector());

        Assert.Equal(2500, all.Instances.Count);
        Assert.Equal(["job-1", "job-2", "job-3"], all.Instances.Take(3).Select(InstanceFacts.NameOf));
        Assert.Equal(3, (await cloud.OperationsAsync()).Count(c => c == "DescribeInstances"));

        int streamed = 0;
        await foreach (Instance _ in query.StreamAsync(new InstanceSelector()))
            streamed++;
        Assert.Equal(2500, streamed);
    }

    [Fact]
    public async Task NamesWildcardsIdsAndStatesSelect()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.SeedAsync(new { instances = 30, prefix = "job-" });
        var query = new InstanceQuery(await cloud.SessionAsync());
        Instance two = await query.GetAsync("job-2");

        Assert.Equal(11, (await NamesAsync("job-2*")).Count);
        Assert.Equal(["job-7", "job-8"], await NamesAsync("job-[78]"));
        Assert.Equal(["job-2", "job-3"], await NamesAsync(two.InstanceId, "job-3"));
        InstanceSelection stopped = await query.ListAsync(new InstanceSelector { States = ["stopped"] });
        Assert.Equal(["job-10", "job-20", "job-30"], stopped.Instances.Select(InstanceFacts.NameOf));
        Assert.Empty((await query.ListAsync(new InstanceSelector { Names = [two.InstanceId], States = ["stopped"] })).Instances);

        async Task<IReadOnlyList<string?>> NamesAsync(params string[] names) =>
            [.. (await query.ListAsync(new InstanceSelector { Names = names })).Instances.Select(InstanceFacts.NameOf)];
    }

    [Fact]
    public async Task EachNameThatStandsForNothingIsAProblemOfItsOwn()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.SeedAsync(new { instances = 2, prefix = "job-" });
        var query = new InstanceQuery(await cloud.SessionAsync());

        InstanceSelection found = await query.ListAsync(new InstanceSelector { Names = ["job-1", "nobody", "i-00000000000000000", "none-*"] });

        Assert.Equal("job-1", InstanceFacts.NameOf(Assert.Single(found.Instances)));
        Assert.Equal(["i-00000000000000000", "nobody"], found.Problems.Select(p => (string)p.Target!));
        Assert.All(found.Problems, p => Assert.Equal("InstanceNotFound", p.Id));
    }

    [Fact]
    public async Task ANameOfTwoIsListedButNotActedOn()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.SeedAsync(new { instances = 2, prefix = "twin-" });
        Fe2Session session = await cloud.SessionAsync();
        var query = new InstanceQuery(session);
        InstanceSelection both = await query.ListAsync(new InstanceSelector());
        await session.Ec2.CreateTagsAsync(new CreateTagsRequest { Resources = [.. both.Instances.Select(i => i.InstanceId)], Tags = [new Tag("Name", "twin")] });

        Assert.Equal(2, (await query.ListAsync(new InstanceSelector { Names = ["twin"] })).Instances.Count);
        InstanceSelection toActOn = await query.ResolveAsync(new InstanceSelector { Names = ["twin"] });
        Assert.Empty(toActOn.Instances);
        Fe2Exception problem = Assert.Single(toActOn.Problems);
        Assert.Equal("InstanceAmbiguous", problem.Id);
        Assert.All(both.Instances, i => Assert.Contains(i.InstanceId, problem.Message, StringComparison.Ordinal));
        Assert.Equal(2, (await query.ResolveAsync(new InstanceSelector { Names = ["twin*"] })).Instances.Count);
        Assert.Equal(both.Instances[0].InstanceId, (await query.GetAsync(both.Instances[0].InstanceId)).InstanceId);
    }

    [Fact]
    public async Task UnnamedInstancesAreListedToo()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.SeedAsync(new { instances = 2, prefix = "x-" });
        Fe2Session session = await cloud.SessionAsync();
        var query = new InstanceQuery(session);
        Instance one = await query.GetAsync("x-1");
        await session.Ec2.DeleteTagsAsync(new DeleteTagsRequest { Resources = [one.InstanceId], Tags = [new Tag { Key = "Name" }] });

        IReadOnlyList<Instance> all = (await query.ListAsync(new InstanceSelector())).Instances;

        Assert.Equal(["x-2", null], all.Select(InstanceFacts.NameOf));
    }

    [Theory]
    [InlineData("job-*", "job-1", true)]
    [InlineData("job-[0-9]", "job-1", true)]
    [InlineData("job-[0-9]", "job-a", false)]
    [InlineData("a.c", "abc", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("작업-*", "작업-하나", true)]
    [InlineData("Job", "job", false)]
    public void PatternsMatchWholeNames(string pattern, string name, bool expected) => Assert.Equal(expected, InstanceQuery.Matches(pattern, name));

    [Fact]
    public void NamesSortAsPeopleCount() =>
        Assert.Equal(["job-1", "job-2", "job-10", "job-010x"], new[] { "job-10", "job-010x", "job-2", "job-1" }.Order(NaturalOrder.Instance));
}
