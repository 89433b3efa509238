using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.Loader;

namespace Fe2Ps.Loader;

/// <summary>
/// The module's own load context: everything in the module's <c>bin</c> folder is loaded here and nowhere else.
/// AWSSDK.Core always says that it is version 4.0.0.0, so in the shared context the module that loads first would decide
/// for all others; in a context of its own Fe2Ps neither meets another module's copy nor hands it its own.
/// </summary>
public sealed class ModuleLoadContext : AssemblyLoadContext
{
    private static readonly ConcurrentDictionary<string, Lazy<Assembly>> Loaded = new(StringComparer.Ordinal);

    private readonly string _folder;

    private ModuleLoadContext(string name, string folder)
        : base(name) => _folder = folder;

    /// <summary>Loads the module's main assembly, and later whatever it needs, from one folder. Asking again returns the same assembly.</summary>
    /// <param name="assemblyPath">The full path of the main assembly. Another version of the module, from another folder, gets a context of its own.</param>
    public static Assembly Load(string assemblyPath)
    {
        string path = Path.GetFullPath(assemblyPath);
        return Loaded.GetOrAdd(path, static file => new Lazy<Assembly>(() =>
        {
            string name = Path.GetFileNameWithoutExtension(file);
            return new ModuleLoadContext(name, Path.GetDirectoryName(file)!).LoadFromAssemblyPath(file);
        })).Value;
    }

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        string file = Path.Join(_folder, assemblyName.Name + ".dll");
        return File.Exists(file) ? LoadFromAssemblyPath(file) : null;
    }
}
