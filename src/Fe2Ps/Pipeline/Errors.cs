using System.ComponentModel;
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

    /// <summary>Runs work; what this computer refuses it becomes a failure like any other. The pipeline's own exceptions pass.</summary>
    public static void Guard(Action work)
    {
        try
        {
            work();
        }
        catch (Exception refusal) when (IsOfThisComputer(refusal))
        {
            throw OfThisComputer(refusal);
        }
    }

    /// <inheritdoc cref="Guard"/>
    public static async Task GuardAsync(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception refusal) when (IsOfThisComputer(refusal))
        {
            throw OfThisComputer(refusal);
        }
    }

    private static bool IsOfThisComputer(Exception refusal) => refusal is IOException or UnauthorizedAccessException or Win32Exception;

    private static Fe2Exception OfThisComputer(Exception refusal) => new(
        "LocalFailure", Fe2ErrorKind.OperationFailed, $"This computer refuses it: {refusal.Message}",
        "Look at the file, folder or program that it names: whether it is there, may be written, and has room.", null, refusal);

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
