using System.Text;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Files;

/// <summary>What rsync says of each file, as it comes: in pieces, with lines of progress between.</summary>
public sealed class RsyncNamesTests
{
    private const string Said =
        "./\na\n\r         10  33%    1.00MB/s    0:00:00 (xfr#1, to-chk=3/5)\nb is uptodate\nskipping unsafe symlink \"out\" -> \"/etc\"\n"
        + "\\#355\\#225\\#234\n\r         20  66%    1.00MB/s    0:00:00 (xfr#2, to-chk=1/5)\nbig\n\r         25  80%    1.00MB/s    0:00:01\r         26  81%    1.00MB/s    0:00:01";

    /// <summary>Two processes speak while files are received: the one that looks at names does not know that the other's line is unfinished.</summary>
    private const string SaidAtOnce =
        "\r         10  33%    1.00MB/s    0:00:00 (xfr#1, to-chk=3/5)ignoring unsafe symlink \"out\" -> \"/etc\"\n\r         11  34%    1.00MB/s    0:00:00  a is uptodate\n"
        + "\r         12  35%    1.00MB/s    0:00:00  \r         12  35%    1.00MB/s    0:00:00 (xfr#1, to-chk=3/5)\nlater\n";

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    public void TheFileOnItsWayAndWhatNobodyNamedAreMissing(int piece)
    {
        var folder = Directory.CreateTempSubdirectory("fe2-names-");
        try
        {
            foreach (var name in new[] { "a", "b", "big", "later" })
                File.WriteAllText(Path.Combine(folder.FullName, name), "");
            var tally = new TransferTally();
            var names = new RsyncNames(new FileTransfer(true, folder.FullName, "there"), tally);
            foreach (var bytes in Encoding.UTF8.GetBytes(Said).Chunk(piece))
                names.Add(bytes);
            names.Finish(isWhole: false, null);
            Assert.Equal(["big", "later"], tally.Missing!().Select(Path.GetFileName).Order());
            Assert.Equal(1, tally.LinksLeftOut);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    public void WhatIsSaidBehindALineOfProgressIsHeard(int piece)
    {
        var folder = Directory.CreateTempSubdirectory("fe2-names-");
        try
        {
            foreach (var name in new[] { "a", "later" })
                File.WriteAllText(Path.Combine(folder.FullName, name), "");
            var tally = new TransferTally();
            var names = new RsyncNames(new FileTransfer(true, folder.FullName, "there"), tally);
            foreach (var bytes in Encoding.UTF8.GetBytes(SaidAtOnce).Chunk(piece))
                names.Add(bytes);
            names.Finish(isWhole: false, null);
            Assert.Equal(["later"], tally.Missing!().Select(Path.GetFileName));
            Assert.Equal(1, tally.LinksLeftOut);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
