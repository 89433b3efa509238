namespace Fe2Ps.Core.Tests.Ssh;

/// <summary>A test that starts a real sshd; skipped by name where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SshdFactAttribute : FactAttribute
{
    public const string Sshd = "/usr/sbin/sshd";

    public SshdFactAttribute() => Skip = SkipReason;

    public static bool IsHere => OperatingSystem.IsLinux() && File.Exists(Sshd);

    public static string? SkipReason => IsHere ? null : "openssh-server is not installed";
}

/// <summary>The same for a test with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SshdTheoryAttribute : TheoryAttribute
{
    public SshdTheoryAttribute() => Skip = SshdFactAttribute.SkipReason;
}
