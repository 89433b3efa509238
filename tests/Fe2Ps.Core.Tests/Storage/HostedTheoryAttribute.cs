using Fe2Ps.Core.Tests.Scripts;

namespace Fe2Ps.Core.Tests.Storage;

/// <summary>As <see cref="HostedFactAttribute"/>, with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class HostedTheoryAttribute : TheoryAttribute
{
    public HostedTheoryAttribute() => Skip = new HostedFactAttribute().Skip;
}
