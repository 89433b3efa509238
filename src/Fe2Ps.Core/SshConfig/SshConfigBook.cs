using System.Text;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.SshConfig;

/// <summary>
/// The file in the Fe2 folder that holds the blocks: a section for each place (region, account, endpoint), so that what is
/// written for one leaves the others alone.
/// </summary>
internal sealed class SshConfigBook
{
    private const string SectionMark = "# fe2ps section ";
    private const string BlockMark = "# fe2ps instance ";
    private const string Head = "# Written by Get-Fe2SshConfig -Install, and anew each time: changes made here are lost.\n";

    private readonly List<(string Scope, List<(string Id, string Text)> Blocks)> _sections = [];

    /// <summary>Reads a file that <see cref="ToString"/> has written; null is an empty one.</summary>
    public static SshConfigBook Read(string? text)
    {
        var book = new SshConfigBook();
        StringBuilder? block = null;
        foreach (string line in (text ?? "").Split('\n'))
        {
            if (line.StartsWith(SectionMark, StringComparison.Ordinal))
            {
                EndBlock();
                book._sections.Add((line[SectionMark.Length..], []));
            }
            else if (line.StartsWith(BlockMark, StringComparison.Ordinal) && book._sections.Count > 0)
            {
                EndBlock();
                block = new StringBuilder();
                book._sections[^1].Blocks.Add((line[BlockMark.Length..], ""));
            }
            else if (line.Length > 0)
            {
                block?.Append(line).Append('\n');
            }
        }

        EndBlock();
        return book;

        void EndBlock()
        {
            if (block is null) return;
            List<(string Id, string Text)> blocks = book._sections[^1].Blocks;
            blocks[^1] = (blocks[^1].Id, block.ToString());
            block = null;
        }
    }

    /// <summary>Puts blocks into a place's section.</summary>
    /// <param name="session">The place.</param>
    /// <param name="entries">Its machines.</param>
    /// <param name="isWhole">Whether these are all of them: then the section is these and no others.</param>
    /// <param name="existing">The ids of all instances there; blocks of others are dropped.</param>
    public void Put(Fe2Session session, IReadOnlyList<SshConfigEntry> entries, bool isWhole, IReadOnlySet<string> existing)
    {
        int at = _sections.FindIndex(s => s.Scope == session.CacheScope);
        List<(string Id, string Text)> blocks = at < 0 || isWhole ? [] : [.. _sections[at].Blocks.Where(b => existing.Contains(b.Id))];
        foreach (SshConfigEntry entry in entries)
        {
            int old = blocks.FindIndex(b => b.Id == entry.InstanceId);
            if (old < 0) blocks.Add((entry.InstanceId, entry.ToString()));
            else blocks[old] = (entry.InstanceId, entry.ToString());
        }

        if (at < 0) _sections.Add((session.CacheScope, blocks));
        else _sections[at] = (session.CacheScope, blocks);
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder(Head);
        foreach ((string scope, List<(string Id, string Text)> blocks) in _sections.Where(s => s.Blocks.Count > 0))
        {
            text.Append('\n').Append(SectionMark).Append(scope).Append('\n');
            foreach ((string id, string block) in blocks) text.Append('\n').Append(BlockMark).Append(id).Append('\n').Append(block);
        }

        return text.ToString();
    }
}
