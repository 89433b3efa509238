using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.SecurityToken.Model;

namespace Fe2Ps.Core.Sessions;

/// <summary>
/// The one place where a failure of AWS, of the network or of the credentials becomes a <see cref="Fe2Exception"/> with a next step.
/// Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
/// </summary>
public static partial class ErrorTranslation
{
    private static readonly HashSet<string> CapacityCodes = new(StringComparer.Ordinal)
    {
        "InsufficientInstanceCapacity", "InsufficientHostCapacity", "InsufficientCapacity", "InsufficientReservedInstanceCapacity",
        "InsufficientAddressCapacity", "InsufficientFreeAddressesInSubnet", "SpotMaxPriceTooLow", "UnfulfillableCapacity",
        "capacity-not-available", "price-too-low",
    };

    private static readonly HashSet<string> QuotaCodes = new(StringComparer.Ordinal)
    {
        "VcpuLimitExceeded", "InstanceLimitExceeded", "MaxSpotInstanceCountExceeded", "VolumeLimitExceeded",
        "SnapshotLimitExceeded", "ResourceLimitExceeded", "MaxIOPSLimitExceeded", "SecurityGroupLimitExceeded", "RulesPerSecurityGroupLimitExceeded",
    };

    /// <summary>The codes for which a launch is tried in another zone, with another type, or on demand.</summary>
    internal static IEnumerable<string> ElsewhereCodes =>
        [.. CapacityCodes, .. QuotaCodes, "Unsupported", "UnsupportedOperation", "InvalidInstanceType", "InvalidInstanceType.NotFound"];

    /// <summary>True for a lack of room, which another zone, type or hour may have.</summary>
    public static bool IsCapacity(string code) => CapacityCodes.Contains(code);

    /// <summary>True for a limit of the account, which no other zone changes.</summary>
    public static bool IsQuota(string code) => QuotaCodes.Contains(code);

    /// <summary>Runs an action and translates what it throws.</summary>
    /// <param name="session">The session, whose profile and region the messages name.</param>
    /// <param name="action">What was being done, as in "could not ...": <c>launch spot2</c>.</param>
    /// <param name="target">What it was done to.</param>
    /// <param name="work">The work.</param>
    internal static async Task<T> GuardAsync<T>(this Fe2Session session, string action, object? target, Func<Task<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception e) when (e is not Fe2Exception && !IsCancellation(e))
        {
            Fe2Exception translated = Translate(e, session, action, target);
            if (translated.Id == "Unauthorized" && await DecodeAsync(session, e).ConfigureAwait(false) is { } reason)
            {
                translated = new Fe2Exception(
                    translated.Id, translated.Kind, $"{translated.Message} {reason}", translated.NextStep, target, e);
            }

            throw translated;
        }
    }

    /// <inheritdoc cref="GuardAsync{T}"/>
    internal static Task GuardAsync(this Fe2Session session, string action, object? target, Func<Task> work) =>
        session.GuardAsync(action, target, async () =>
        {
            await work().ConfigureAwait(false);
            return true;
        });

    /// <summary>The error that a user sees for a failure. A <see cref="Fe2Exception"/> is returned as it is.</summary>
    public static Fe2Exception Translate(Exception failure, Fe2Session session, string action, object? target = null)
    {
        if (failure is Fe2Exception already)
            return already;
        string start = $"Could not {action}:";
        if (failure is AmazonServiceException service && service.ErrorCode is { Length: > 0 } code && service.StatusCode != 0)
            return OfService(service, code, session, start, target);
        if (failure is ProfileNotFoundException)
        {
            return new("ProfileNotFound", Fe2ErrorKind.NotFound, $"{start} {failure.Message}",
                "Name another profile with -ProfileName, or make it with 'aws configure --profile NAME'.", session.ProfileName, failure);
        }

        if (failure is TimeoutException or OperationCanceledException)
        {
            return new("NoAnswer", Fe2ErrorKind.Timeout, $"{start} no answer in time.",
                "Try again; Get-Fe2Instance shows what exists.", target, failure);
        }

        if (FindInner<SocketException>(failure) is not null || FindInner<HttpRequestException>(failure) is not null
            || FindInner<IOException>(failure) is not null)
        {
            string where = session.EndpointUrl ?? $"AWS in {session.Region}";
            return new("NoConnection", Fe2ErrorKind.Connection, $"{start} {where} cannot be reached ({Innermost(failure).Message}).",
                session.IsLocal
                    ? "Start-Fe2Sandbox starts a sandbox; or clear the endpoint (AWS_ENDPOINT_URL, Set-Fe2Default) to use AWS."
                    : "Check the network, the proxy (HTTPS_PROXY) and the region, then try again.",
                target, failure);
        }

        if (failure is AmazonClientException or InvalidOperationException or ArgumentException && LooksLikeCredentials(failure.Message))
            return NoCredentials(failure, session, start, target);
        return new("Unexpected", Fe2ErrorKind.OperationFailed, $"{start} {failure.Message}",
            "Run it again with -Verbose; if it stays, report it with this message.", target, failure);
    }

    private static Fe2Exception OfService(AmazonServiceException e, string code, Fe2Session session, string start, object? target)
    {
        string says = $"{start} {e.Message.TrimEnd('.')} ({code}).";
        Fe2Exception Error(string id, Fe2ErrorKind kind, string nextStep) => new(id, kind, says, nextStep, target, e);
        switch (code)
        {
            case "UnauthorizedOperation" or "AccessDenied" or "AccessDeniedException":
                return new("Unauthorized", Fe2ErrorKind.Security,
                    $"{start} these credentials may not do that ({code}). {EncodedMessage().Replace(e.Message, "").Trim()}".TrimEnd(),
                    "Ask whoever keeps the account for the permission, or use another profile (-ProfileName). "
                    + "'aws sts decode-authorization-message' tells the policy that refused.", target, e);
            case "ExpiredToken" or "ExpiredTokenException" or "RequestExpired" or "TokenRefreshRequired":
                return Error("CredentialsExpired", Fe2ErrorKind.Security,
                    session.ProfileName is { } p
                        ? $"Log in again: 'aws sso login --profile {p}', or renew the keys of that profile."
                        : "Log in again ('aws sso login'), or renew AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. If they are new, check this computer's clock.");
            case "AuthFailure" or "InvalidClientTokenId" or "UnrecognizedClientException" or "SignatureDoesNotMatch"
                or "InvalidSignatureException" or "IncompleteSignature" or "MissingAuthenticationToken" or "InvalidAccessKeyId":
                return Error("CredentialsRejected", Fe2ErrorKind.Security,
                    $"Check the access key ({CredentialSource(session)}); new ones are written by 'aws configure'. A region that is not enabled answers like this too.");
            case "OptInRequired" or "PendingVerification" or "Blocked":
                return Error("AccountNotReady", Fe2ErrorKind.Security, "Finish the account's set-up in the AWS console, then try again.");
            case "RequestLimitExceeded" or "Throttling" or "ThrottlingException" or "TooManyRequestsException" or "SlowDown":
                return Error("Throttled", Fe2ErrorKind.Capacity, "AWS slows this account's calls down; wait a minute and try again.");
            case "SpotMaxPriceTooLow" or "price-too-low":
                return Error("SpotPriceTooLow", Fe2ErrorKind.Capacity, "Raise -MaxPrice, or leave it out to pay the current spot price, at most the on-demand one.");
            case "InvalidInstanceType" or "InvalidInstanceType.NotFound":
                return Error("InstanceTypeNotFound", Fe2ErrorKind.NotFound, "Complete -InstanceType with Tab to see the types of this region.");
            case "InvalidKeyPair.NotFound":
                return Error("KeyPairNotFound", Fe2ErrorKind.NotFound, "Leave -KeyName out: the key pair 'default' is made when missing.");
            case "InvalidKeyPair.Format" or "InvalidKey.Format":
                return Error("KeyInvalid", Fe2ErrorKind.InvalidArgument, "EC2 takes ed25519 and RSA public keys; make one with 'ssh-keygen -t ed25519'.");
            case "OperationNotPermitted":
                return Error("Protected", Fe2ErrorKind.InvalidState, "The instance is protected; switch the protection off in the AWS console first.");
            case "InvalidSpotInstanceRequestID.NotFound":
                return Error("SpotRequestNotFound", Fe2ErrorKind.NotFound, "The request is gone already.");
            case "Unsupported" or "UnsupportedOperation":
                return Error("Unsupported", Fe2ErrorKind.InvalidArgument, "Choose another instance type, zone or image.");
        }

        if (IsCapacity(code))
            return Error("NoCapacity", Fe2ErrorKind.Capacity, "Try another zone (-Zone), type or region, or again later.");
        if (IsQuota(code))
            return Error("QuotaExceeded", Fe2ErrorKind.Capacity, "Remove what is not needed (Get-Fe2Instance), or ask for more under Service Quotas in the AWS console.");
        if (code.EndsWith(".NotFound", StringComparison.Ordinal) || code.EndsWith(".Malformed", StringComparison.Ordinal)
            || code.EndsWith(".Unavailable", StringComparison.Ordinal))
            return Error(NotFoundId(code), Fe2ErrorKind.NotFound, $"Check the id and the region ({session.Region}).");
        if (code.StartsWith("Incorrect", StringComparison.Ordinal) || code.EndsWith(".InUse", StringComparison.Ordinal))
            return Error("StateForbidsIt", Fe2ErrorKind.InvalidState, "Look at the state with Get-Fe2Instance; Wait-Fe2Instance waits for another.");
        if (e.StatusCode >= HttpStatusCode.InternalServerError)
            return Error("ServiceUnavailable", Fe2ErrorKind.Connection, "AWS has trouble of its own; try again later (https://health.aws.amazon.com).");
        return Error(code.StartsWith("Invalid", StringComparison.Ordinal) || code.StartsWith("Missing", StringComparison.Ordinal) ? "ValueRefused" : code,
            code.StartsWith("Invalid", StringComparison.Ordinal) || code.StartsWith("Missing", StringComparison.Ordinal)
                ? Fe2ErrorKind.InvalidArgument : Fe2ErrorKind.OperationFailed,
            "Change the value that the message names.");
    }

    private static string NotFoundId(string code)
    {
        if (code.StartsWith("InvalidInstanceID", StringComparison.Ordinal))
            return "InstanceNotFound";
        if (code.StartsWith("InvalidAMIID", StringComparison.Ordinal))
            return "ImageNotFound";
        return code.StartsWith("InvalidGroup", StringComparison.Ordinal) ? "SecurityGroupNotFound" : "NotFound";
    }

    private static Fe2Exception NoCredentials(Exception e, Fe2Session session, string start, object? target)
    {
        bool sso = e.Message.Contains("SSO", StringComparison.Ordinal);
        return new Fe2Exception(
            sso ? "CredentialsExpired" : "CredentialsMissing", Fe2ErrorKind.Security,
            sso ? $"{start} the SSO login is missing or has expired." : $"{start} no AWS credentials were found ({CredentialSource(session)}).",
            sso
                ? $"Run 'aws sso login{(session.ProfileName is { } p ? $" --profile {p}" : "")}'."
                : "Run 'aws configure' (or 'aws configure sso'), set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or try without an account: Start-Fe2Sandbox.",
            target, e);
    }

    private static string CredentialSource(Fe2Session session) =>
        session.Sources.FirstOrDefault(s => s.Setting == "Credentials")?.Source ?? "AWS's own search";

    private static bool LooksLikeCredentials(string message) =>
        message.Contains("credential", StringComparison.OrdinalIgnoreCase) || message.Contains("SSO", StringComparison.Ordinal)
        || message.Contains("Instance Metadata", StringComparison.OrdinalIgnoreCase);

    private static async Task<string?> DecodeAsync(Fe2Session session, Exception failure)
    {
        if (EncodedMessage().Match(failure.Message) is not { Success: true } match)
            return null;
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(3));
            DecodeAuthorizationMessageResponse answer = await session.Sts.DecodeAuthorizationMessageAsync(
                new DecodeAuthorizationMessageRequest { EncodedMessage = match.Groups[1].Value }, limit.Token).ConfigureAwait(false);
            Match needed = NeededAction().Match(answer.DecodedMessage ?? "");
            return needed.Success ? $"The permission {needed.Groups[1].Value} is needed." : null;
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or OperationCanceledException or HttpRequestException)
        {
            // Reading the reason needs a permission of its own; without it the refusal itself is all there is to say.
            return null;
        }
    }

    /// <summary>An HTTP client that gave up throws a cancellation too, with the timeout inside.</summary>
    private static bool IsCancellation(Exception e) =>
        e is OperationCanceledException { InnerException: not TimeoutException } cancelled && cancelled.CancellationToken.IsCancellationRequested;

    private static T? FindInner<T>(Exception e)
        where T : Exception
    {
        for (Exception? at = e; at is not null; at = at.InnerException)
        {
            if (at is T found)
                return found;
        }

        return null;
    }

    private static Exception Innermost(Exception e)
    {
        while (e.InnerException is { } inner)
            e = inner;
        return e;
    }

    [GeneratedRegex(@"Encoded authorization failure message:\s*(\S+)")]
    private static partial Regex EncodedMessage();

    [GeneratedRegex("\"action\"\\s*:\\s*\"([^\"]+)\"")]
    private static partial Regex NeededAction();
}
