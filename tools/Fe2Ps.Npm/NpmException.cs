namespace Fe2Ps.Npm;

/// <summary>Why a package cannot be had, in one line.</summary>
internal sealed class NpmException(string message) : Exception(message);
