using System.Management.Automation;
using Fe2Ps.Core;

namespace Fe2Ps.Pipeline;

/// <summary>How Core's failures look in PowerShell.</summary>
internal static class Errors
{
    /// <summary>An error record with the failure's own id, a category, the target, and the next step as recommended action, which pwsh prints under the message.</summary>
    public static ErrorRecord ToErrorRecord(this Fe2Exception failure) =>
        new(failure, failure.Id, Category(failure.Kind), failure.Target)
        {
            ErrorDetails = new ErrorDetails(OneLine(failure.Message)) { RecommendedAction = OneLine(failure.NextStep) },
        };

    /// <summary>PowerShell's category for a kind of failure.</summary>
    public static ErrorCategory Category(Fe2ErrorKind kind) => kind switch
    {
        Fe2ErrorKind.InvalidArgument => ErrorCategory.InvalidArgument,
        Fe2ErrorKind.NotFound => ErrorCategory.ObjectNotFound,
        Fe2ErrorKind.Ambiguous => ErrorCategory.ResourceExists,
        Fe2ErrorKind.InvalidState => ErrorCategory.InvalidOperation,
        Fe2ErrorKind.Security => ErrorCategory.SecurityError,
        Fe2ErrorKind.Capacity => ErrorCategory.LimitsExceeded,
        Fe2ErrorKind.Connection => ErrorCategory.ConnectionError,
        Fe2ErrorKind.Timeout => ErrorCategory.OperationTimeout,
        Fe2ErrorKind.NotInstalled => ErrorCategory.NotInstalled,
        Fe2ErrorKind.OperationFailed => ErrorCategory.OperationStopped,
        _ => ErrorCategory.NotSpecified,
    };

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
