using Fe2Ps.Core.FileSystems;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.FileSystems;

/// <summary>What names of file systems stand for.</summary>
public sealed class FileSystemNameTests
{
    [Fact]
    public async Task ANameThatStandsForSeveralIsAProblemWithTheirIdsAndPatternsAndIdsAreNot()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        await cloud.SeedAsync(new { fileSystems = new[] { "shared", "shared", "other" } });
        var query = new FileSystemQuery(session);
        string[] ids = [.. (await query.ListAsync(["shared"])).FileSystems.Select(s => s.FileSystemId)];
        Assert.Equal(2, ids.Length);

        FileSystemSelection named = await query.ResolveAsync(["shared", "other", "nosuch"]);
        Assert.Equal("other", Assert.Single(named.FileSystems).Name);
        Assert.Equal(["FileSystemAmbiguous", "FileSystemNotFound"], named.Problems.Select(p => p.Id).Order());
        Assert.All(ids, id => Assert.Contains(id, named.Problems.Single(p => p.Id == "FileSystemAmbiguous").Message, StringComparison.Ordinal));

        Assert.Equal(ids[1], Assert.Single((await query.ResolveAsync([ids[1]])).FileSystems).FileSystemId);
        FileSystemSelection both = await query.ResolveAsync(["shared", ids[0]]);
        Assert.Equal(ids[0], Assert.Single(both.FileSystems).FileSystemId);
        Assert.Single(both.Problems);
        Assert.Equal(2, (await query.ResolveAsync(["sh*"])).FileSystems.Count);
        Assert.Equal(3, (await query.ResolveAsync(["*"])).FileSystems.Count);
    }

    [Fact]
    public async Task NoNamesAreAllToListAndNoneToActOn()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        await cloud.SeedAsync(new { fileSystems = new[] { "shared" } });
        var query = new FileSystemQuery(session);

        Assert.Single((await query.ListAsync([])).FileSystems);
        FileSystemSelection none = await query.ResolveAsync([]);
        Assert.Empty(none.FileSystems);
        Assert.Empty(none.Problems);
    }
}
