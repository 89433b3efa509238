namespace Fe2Ps.Sandbox.Tests.Clients;

/// <summary>A test that drives the sandbox with Debian's awscli or python3-boto3; skipped by name where that is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ClientFactAttribute : FactAttribute
{
    public ClientFactAttribute()
    {
        if (!File.Exists("/usr/bin/aws"))
            Skip = "needs Debian's awscli (apt-get install awscli)";
        else if (!Directory.Exists("/usr/lib/python3/dist-packages/boto3"))
            Skip = "needs Debian's python3-boto3 (apt-get install python3-boto3)";
    }
}
