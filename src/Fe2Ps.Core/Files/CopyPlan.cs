using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Files;

/// <summary>
/// Where each item goes, by the rules of PowerShell's Copy-Item: into the destination where that is a folder, under its name
/// where it is not there yet. Other than Copy-Item it makes missing folders above, and what is several items, or was found by
/// a wildcard, always goes into a folder.
/// </summary>
/// <param name="Transfers">The transfers, in order.</param>
/// <param name="NewFolder">The folder that the copy itself makes out of one folder, or null. Until it is whole it carries a mark.</param>
internal sealed record CopyPlan(IReadOnlyList<FileTransfer> Transfers, string? NewFolder)
{
    /// <summary>Whether these items become a folder of the destination's own name, where nothing stands in the way.</summary>
    public static bool MakesFolder(IReadOnlyList<CopyItem> items, bool intoFolder, string destination, bool recurse) =>
        recurse && !intoFolder && items is [{ IsFolder: true }] && destination.Length > 0 && !destination.EndsWith('/');

    /// <param name="toMachine">True from this computer to the machine.</param>
    /// <param name="items">What is copied.</param>
    /// <param name="intoFolder">True where the destination must be a folder, whatever stands there.</param>
    /// <param name="destination">The destination's path; a slash at its end says that a folder is meant.</param>
    /// <param name="target">What stands there.</param>
    /// <param name="recurse">Whether folders are copied.</param>
    /// <exception cref="Fe2Exception"><c>FolderNeedsRecurse</c>, <c>DestinationIsFile</c>.</exception>
    public static CopyPlan Make(
        bool toMachine, IReadOnlyList<CopyItem> items, bool intoFolder, string destination, CopyTarget target, bool recurse)
    {
        if (!recurse && items.FirstOrDefault(i => i.IsFolder) is { } folder)
            throw CopyErrors.FolderNeedsRecurse(folder.Path);
        var end = destination.TrimEnd('/');
        if (destination.StartsWith('/') && end.Length == 0)
            end = "/";
        var into = intoFolder || items.Count > 1 || destination.Length == 0 || destination.EndsWith('/') || target == CopyTarget.Folder;
        if (target == CopyTarget.File && (into || items[0].IsFolder))
            throw CopyErrors.DestinationIsFile(destination);
        if (!into && items[0] is { IsFolder: true } one)
            return new CopyPlan([new FileTransfer(toMachine, one.Path, end)], end);
        if (!into)
        {
            var slash = end.LastIndexOf('/');
            return new CopyPlan([new FileTransfer(toMachine, items[0].Folder, slash < 0 ? "" : slash == 0 ? "/" : end[..slash])
            {
                Names = [items[0].Name], NewName = end[(slash + 1)..],
            }], null);
        }

        var transfers = new List<FileTransfer>();
        foreach (var group in items.Where(i => !i.IsLink && i.Name.Length > 0).GroupBy(i => i.Folder, StringComparer.Ordinal))
            transfers.Add(new FileTransfer(toMachine, group.Key, end) { Names = [.. group.Select(i => i.Name).Distinct(StringComparer.Ordinal)] });
        foreach (var item in items.Where(i => i.IsLink || i.Name.Length == 0))
        {
            transfers.Add(item.Name.Length == 0 ? new FileTransfer(toMachine, item.Folder, end)
                : item.IsFolder ? new FileTransfer(toMachine, item.Path, end.Length == 0 ? item.Name : end.TrimEnd('/') + "/" + item.Name)
                : new FileTransfer(toMachine, item.Folder, end) { Names = [item.Name], NewName = item.Name });
        }

        return new CopyPlan(transfers, null);
    }
}
