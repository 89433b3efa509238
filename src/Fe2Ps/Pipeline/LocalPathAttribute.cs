using System.Management.Automation;

namespace Fe2Ps.Pipeline;

/// <summary>
/// A path of this computer, made full where it is typed: the folder of the session is not that of the process, and work away from the pipeline
/// thread knows only the latter.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class LocalPathAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        ArgumentNullException.ThrowIfNull(engineIntrinsics);
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value switch
        {
            FileSystemInfo file => file.FullName,
            // The home folder is the user's, whatever provider the session stands in.
            string text when !string.IsNullOrWhiteSpace(text) && text != "~" && !text.StartsWith("~/", StringComparison.Ordinal) => FullPath(engineIntrinsics.SessionState.Path, text),
            _ => inputData,
        };
    }

    private static string FullPath(PathIntrinsics paths, string text)
    {
        try
        {
            string full = paths.GetUnresolvedProviderPathFromPSPath(text, out ProviderInfo provider, out _);
            if (provider.Name == "FileSystem") return full;
        }
        catch (Exception e) when (e is System.Management.Automation.DriveNotFoundException or ProviderNotFoundException)
        {
            // A colon in a file's name, not behind a drive's.
        }

        return Path.GetFullPath(text, paths.CurrentFileSystemLocation.ProviderPath);
    }
}
