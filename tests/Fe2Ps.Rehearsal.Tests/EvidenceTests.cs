namespace Fe2Ps.Rehearsal.Tests;

public sealed class EvidenceTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("fe2-evidence-");

    [Fact]
    public void Equal_folders_are_counted()
    {
        Write("written", "한글 이름.txt", "결과\n");
        Write("arrived", "한글 이름.txt", "결과\n");
        Write("written", "deep/er/empty", "");
        Write("arrived", "deep/er/empty", "");

        var (files, bytes, differences) = Compare();

        Assert.Equal((2, 7L), (files, bytes));
        Assert.Empty(differences);
    }

    [Fact]
    public void A_file_that_did_not_arrive_is_named()
    {
        Write("written", "result-1.txt", "one");
        Directory.CreateDirectory(Path.Combine(folder.FullName, "arrived"));

        Assert.Equal(["result-1.txt is missing"], Compare().Differences);
    }

    [Theory]
    [InlineData("one", "ona", 2)]
    [InlineData("one", "on", 2)]
    [InlineData("on", "one", 2)]
    public void The_first_byte_that_differs_is_named(string written, string arrived, int at)
    {
        Write("written", "r", written);
        Write("arrived", "r", arrived);

        Assert.Equal([$"r differs at byte {at}"], Compare().Differences);
    }

    [Fact]
    public void Of_the_tools_own_facts_only_what_the_script_printed_counts()
    {
        Write("written", ".fe2/heartbeat", "12:00");
        Write("arrived", ".fe2/heartbeat", "12:01");
        Write("written", ".fe2/output.log", "a");
        Write("arrived", ".fe2/output.log", "b");

        Assert.Equal([".fe2/output.log differs at byte 0"], Compare().Differences);
    }

    public void Dispose() => folder.Delete(recursive: true);

    private (int Files, long Bytes, IReadOnlyList<string> Differences) Compare() =>
        Evidence.Compare(Path.Combine(folder.FullName, "written"), Path.Combine(folder.FullName, "arrived"));

    private void Write(string side, string name, string text)
    {
        var path = Path.Combine(folder.FullName, side, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
