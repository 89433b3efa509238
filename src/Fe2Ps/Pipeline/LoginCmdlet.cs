using System.Management.Automation;

namespace Fe2Ps.Pipeline;

/// <summary>A cmdlet that logs in to machines: <c>-User -KeyFile</c>.</summary>
public abstract class LoginCmdlet : Fe2Cmdlet
{
    /// <summary>The login user.</summary>
    [Parameter]
    public string? User { get; set; }

    /// <summary>The private key on this computer.</summary>
    [Parameter]
    [LocalPath]
    public string? KeyFile { get; set; }

    /// <summary>The login user that was asked for, or null for the machine's own.</summary>
    private protected string? LoginUser => NullIfEmpty(User);

    /// <summary>The private key that was asked for, or null for the one of the machine's key pair.</summary>
    private protected string? LoginKey => NullIfEmpty(KeyFile);
}
