using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Fe2Ps.Loader;

/// <summary>What <c>Fe2Ps.psm1</c> needs: the module's main assembly, and its cmdlets handed out.</summary>
public static class ModuleFace
{
    private static string? s_folder;

    /// <summary>
    /// Why this copy of the module cannot be used in this process, or null. PowerShell remembers how to fill the parameters of a
    /// cmdlet by the name of its type, so a second copy's cmdlets would get values for the first one's, also after Remove-Module.
    /// </summary>
    /// <param name="moduleFolder">The folder of the manifest.</param>
    public static string? Refuse(string moduleFolder)
    {
        string folder = Path.GetFullPath(moduleFolder);
        string? first = Interlocked.CompareExchange(ref s_folder, folder, null);
        return first is null || first == folder
            ? null
            : $"This PowerShell process has used Fe2Ps from '{first}' and cannot change to '{folder}': start a new session (pwsh) and import it there.";
    }

    /// <summary>
    /// Loads the module's main assembly into a context of its own. Where the package has assemblies that were compiled ahead of
    /// time for this platform and this runtime, those; they are the same code and start faster.
    /// </summary>
    /// <param name="moduleFolder">The folder of the manifest.</param>
    public static Assembly Load(string moduleFolder)
    {
        string binaries = Path.Join(moduleFolder, "bin");
        string compiled = Path.Join(binaries, $"net{Environment.Version.Major}.0-{Platform}", "Fe2Ps.dll");
        return ModuleLoadContext.Load(File.Exists(compiled) ? compiled : Path.Join(binaries, "net8.0", "Fe2Ps.dll"));
    }

    /// <summary>The properties that the module adds to the SDK's objects.</summary>
    /// <param name="assembly">The main assembly.</param>
    public static TypeData[] Members(Assembly assembly) =>
        assembly.GetType("Fe2Ps.Views.ExtraMembers", throwOnError: true)!.GetMethod("All")!.CreateDelegate<Func<TypeData[]>>()();

    /// <summary>
    /// Hands out what the main assembly exports. PowerShell keeps the module object of an assembly that it has seen before and
    /// then exports nothing of it to the module that asks again (PowerShell/PowerShell#20710), which is what Import-Module -Force
    /// does.
    /// </summary>
    public static void Export(PSModuleInfo module, PSModuleInfo binary)
    {
        Add("AddExportedCmdlet", binary.ExportedCmdlets.Values, module.ExportedCmdlets.ContainsKey);
        Add("AddExportedAlias", binary.ExportedAliases.Values, module.ExportedAliases.ContainsKey);

        void Add<T>(string method, IEnumerable<T> commands, Func<string, bool> isKnown)
            where T : CommandInfo
        {
            MethodInfo? add = null;
            foreach (T command in commands)
            {
                if (isKnown(command.Name)) continue;
                add ??= typeof(PSModuleInfo).GetMethod(method, BindingFlags.Instance | BindingFlags.NonPublic);
                add?.Invoke(module, [command]);
            }
        }
    }

    private static string Platform =>
        (OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")
        + "-" + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
}
