using System.Runtime.InteropServices;

namespace Fe2Ps.Bench;

/// <summary>The packaged module: what a user has.</summary>
internal static class PackagedModule
{
    /// <summary>Its folder.</summary>
    /// <exception cref="NotHereException">Nobody has said where it is.</exception>
    public static string Folder => Environment.GetEnvironmentVariable("FE2_MODULE") is { Length: > 0 } named && Directory.Exists(named) ? named
        : throw new NotHereException("FE2_MODULE does not name the packaged module; './build.sh bench' sets it");

    /// <summary>The assemblies that its loader takes on this machine: compiled ahead of time where the package has them so.</summary>
    public static string Assemblies
    {
        get
        {
            var system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
            var ahead = Path.Combine(Folder, "bin", $"net{Environment.Version.Major}.0-{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}");
            return Directory.Exists(ahead) ? ahead : Path.Combine(Folder, "bin", "net8.0");
        }
    }
}
