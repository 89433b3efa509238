using Fe2Ps.Core.Files;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Files;

/// <summary>The rules of Copy-Item, each as a user would meet it.</summary>
public sealed class CopyPlanTests
{
    private static readonly CopyItem s_file = new("/here", "a.txt", false, false);
    private static readonly CopyItem s_folder = new("/here", "data", true, false);

    [Fact]
    public void AFolderBecomesTheDestinationThatIsNotThere()
    {
        var plan = Make([s_folder], "there", CopyTarget.None);
        Assert.Equal("there", plan.NewFolder);
        Assert.Equal(("/here/data", "there", 0), Shape(Assert.Single(plan.Transfers)));
    }

    [Fact]
    public void AFolderGoesIntoTheFolderThatIsThere()
    {
        var plan = Make([s_folder], "there", CopyTarget.Folder);
        Assert.Null(plan.NewFolder);
        Assert.Equal(["data"], Assert.Single(plan.Transfers).Names);
    }

    [Fact]
    public void AFolderThatWasBegunGoesOn() =>
        Assert.Equal(("/here/data", "there", 0), Shape(Assert.Single(Make([s_folder], "there", CopyTarget.Unfinished).Transfers)));

    [Theory]
    [InlineData("b.txt", "", "b.txt")]
    [InlineData("x/y/b.txt", "x/y", "b.txt")]
    [InlineData("/b.txt", "/", "b.txt")]
    public void AFileGetsTheNameOfTheDestination(string destination, string folder, string name)
    {
        foreach (var target in new[] { CopyTarget.None, CopyTarget.File })
        {
            var transfer = Assert.Single(Make([s_file], destination, target).Transfers);
            Assert.Equal((folder, name), (transfer.TargetFolder, transfer.NewName));
        }
    }

    [Theory]
    [InlineData("new/", CopyTarget.None, "new")]
    [InlineData("there", CopyTarget.Folder, "there")]
    [InlineData("", CopyTarget.Folder, "")]
    [InlineData("/", CopyTarget.Folder, "/")]
    public void AFileGoesIntoAFolder(string destination, CopyTarget target, string folder)
    {
        var transfer = Assert.Single(Make([s_file], destination, target).Transfers);
        Assert.Equal((folder, null), (transfer.TargetFolder, transfer.NewName));
        Assert.Equal(["a.txt"], transfer.Names);
    }

    [Fact]
    public void SeveralItemsAndThoseOfAWildcardGoIntoAFolder()
    {
        Assert.Equal(["a.txt", "data"], Assert.Single(Make([s_file, s_folder], "new", CopyTarget.None).Transfers).Names);
        Assert.Equal(["a.txt"], Assert.Single(Make([s_file], "new", CopyTarget.None, intoFolder: true).Transfers).Names);
    }

    [Fact]
    public void ALinkThatIsNamedStandsForWhatItLeadsTo()
    {
        var transfers = Make([s_file with { IsLink = true }, s_folder with { IsLink = true }], "new", CopyTarget.None).Transfers;
        Assert.Equal("a.txt", transfers[0].NewName);
        Assert.Equal(("/here/data", "new/data", 0), Shape(transfers[1]));
    }

    [Fact]
    public void WhatCannotBeIsSaid()
    {
        Assert.Equal("FolderNeedsRecurse", Assert.Throws<Fe2Exception>(() => Make([s_folder], "x", CopyTarget.None, recurse: false)).Id);
        Assert.Equal("DestinationIsFile", Assert.Throws<Fe2Exception>(() => Make([s_folder], "x", CopyTarget.File)).Id);
        Assert.Equal("DestinationIsFile", Assert.Throws<Fe2Exception>(() => Make([s_file, s_file], "x", CopyTarget.File)).Id);
    }

    private static CopyPlan Make(CopyItem[] items, string destination, CopyTarget target, bool recurse = true, bool intoFolder = false) =>
        CopyPlan.Make(true, items, intoFolder, destination, target, recurse);

    private static (string, string, int) Shape(FileTransfer transfer) => (transfer.SourceFolder, transfer.TargetFolder, transfer.Names.Count);
}
