using System.Management.Automation;
using Amazon.ElasticFileSystem.Model;

namespace Fe2Ps.Pipeline;

/// <summary>Lets a shared file system stand for its name: <c>Remove-Fe2FileSystem $shared</c>.</summary>
public sealed class FileSystemNameAttribute : ObjectNameAttribute
{
    private protected override string? IdOf(object? value) => (value as FileSystemDescription)?.FileSystemId;
}
