using Amazon.ElasticFileSystem.Model;
using Fe2Ps.Core.Completion;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Storage;

namespace Fe2Ps.Core.FileSystems;

/// <summary>What a selection found, and what it did not.</summary>
/// <param name="FileSystems">The file systems, by name.</param>
/// <param name="Problems">One for each name or id that stands for nothing, or (where one was asked for) for several.</param>
public sealed record FileSystemSelection(IReadOnlyList<FileSystemDescription> FileSystems, IReadOnlyList<Fe2Exception> Problems);

/// <summary>Finds shared file systems by name or id.</summary>
public sealed class FileSystemQuery(Fe2Session session)
{
    private const string IdPrefix = "fs-";
    private const int PageSize = 100;

    /// <summary>The file systems that match; a name that stands for several gives all of them.</summary>
    /// <param name="names">Names or ids; wildcards select; empty means all.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public Task<FileSystemSelection> ListAsync(IReadOnlyList<string> names, CancellationToken cancellationToken = default) =>
        session.GuardAsync("list file systems", names.Count > 0 ? string.Join(", ", names) : null, async () =>
        {
            NamePattern pattern = NamePattern.ToShow(names, IdPrefix);
            List<FileSystemDescription> all = await AllAsync(cancellationToken).ConfigureAwait(false);
            CompletionCache.Put(session, CompletionKind.FileSystem, Names(all));
            return Select(all, pattern, oneEach: false);
        });

    /// <summary>
    /// The file systems to act on: as <see cref="ListAsync"/>, but a name without wildcards that stands for several is a problem that lists the
    /// ids, and no names stand for none.
    /// </summary>
    /// <param name="names">Names or ids; wildcards select.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public async Task<FileSystemSelection> ResolveAsync(IReadOnlyList<string> names, CancellationToken cancellationToken = default) =>
        names.Count == 0 ? new FileSystemSelection([], [])
            : await session.GuardAsync("find file systems", string.Join(", ", names), async () =>
                Select(await AllAsync(cancellationToken).ConfigureAwait(false), NamePattern.ToActOn(names, IdPrefix), oneEach: true)).ConfigureAwait(false);

    /// <summary>The one file system with this name or id, or null.</summary>
    /// <exception cref="Fe2Exception"><c>FileSystemAmbiguous</c>.</exception>
    public Task<FileSystemDescription?> TryGetAsync(string nameOrId, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"find the file system {nameOrId}", nameOrId, async () =>
        {
            List<FileSystemDescription> found = [.. (await AllAsync(cancellationToken).ConfigureAwait(false))
                .Where(s => s.FileSystemId == nameOrId || FileSystemFacts.NameOf(s) == nameOrId)];
            return found.Count < 2 ? found.FirstOrDefault() : throw FileSystemErrors.Ambiguous(nameOrId, found.Select(s => s.FileSystemId));
        });

    internal static IReadOnlyList<string> Names(IEnumerable<FileSystemDescription> systems) =>
        [.. systems.Select(FileSystemFacts.NameOf).OfType<string>().Distinct(StringComparer.Ordinal).Order(NaturalOrder.Instance)];

    private FileSystemSelection Select(List<FileSystemDescription> all, NamePattern pattern, bool oneEach)
    {
        var problems = new List<Fe2Exception>();
        if (!pattern.Everything)
        {
            all.RemoveAll(s => !pattern.Ids.Contains(s.FileSystemId) && !pattern.Fits(FileSystemFacts.NameOf(s)));
            problems.AddRange(pattern.Ids.Where(id => all.All(s => s.FileSystemId != id)).Select(id => FileSystemErrors.NotFound(id, session.Region)));
            foreach (string name in pattern.Plain)
            {
                List<FileSystemDescription> same = all.FindAll(s => FileSystemFacts.NameOf(s) == name);
                if (same.Count == 0)
                {
                    problems.Add(FileSystemErrors.NotFound(name, session.Region));
                }
                else if (oneEach && same.Count > 1)
                {
                    problems.Add(FileSystemErrors.Ambiguous(name, same.Select(s => s.FileSystemId)));
                    all.RemoveAll(s => same.Contains(s) && !pattern.Ids.Contains(s.FileSystemId));
                }
            }
        }

        return new FileSystemSelection(
            [.. all.OrderBy(s => FileSystemFacts.NameOf(s) is null).ThenBy(FileSystemFacts.NameOf, NaturalOrder.Instance).ThenBy(s => s.FileSystemId, StringComparer.Ordinal)],
            problems);
    }

    private async Task<List<FileSystemDescription>> AllAsync(CancellationToken cancellationToken)
    {
        var found = new List<FileSystemDescription>();
        var request = new DescribeFileSystemsRequest { MaxItems = PageSize };
        do
        {
            DescribeFileSystemsResponse page = await session.FileSystems.DescribeFileSystemsAsync(request, cancellationToken).ConfigureAwait(false);
            found.AddRange(page.FileSystems.Where(s => FileSystemFacts.StateOf(s) is not ("deleting" or "deleted")));
            request.Marker = page.NextMarker;
        }
        while (!string.IsNullOrEmpty(request.Marker));
        return found;
    }
}
