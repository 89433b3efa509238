using System.Net;
using Amazon.Runtime;

namespace Fe2Ps.Aws.Wire;

/// <summary>What an error answer tells.</summary>
internal sealed record AnswerError(string Code, string Message, string? RequestId, HttpStatusCode StatusCode, Exception? Inner)
{
    /// <summary>Whose fault the service says it is, by the HTTP status.</summary>
    public ErrorType Type => (int)StatusCode >= 500 ? ErrorType.Receiver : ErrorType.Sender;

    /// <summary>Set for throttling and for failures on the service's side, else null.</summary>
    /// <remarks>The codes are those of the SDKs' common retry rules (AWS SDKs and Tools Reference Guide, "Retry behavior").</remarks>
    public static RetryableDetails? Retryable(string? code, HttpStatusCode status)
    {
        switch (code)
        {
            case "Throttling" or "ThrottlingException" or "ThrottledException" or "RequestThrottledException" or "RequestThrottled"
                or "TooManyRequestsException" or "RequestLimitExceeded" or "BandwidthLimitExceeded" or "SlowDown"
                or "PriorRequestNotComplete" or "EC2ThrottledException" or "TransactionInProgressException"
                or "ProvisionedThroughputExceededException" or "LimitExceededException":
                return new RetryableDetails(throttling: true);
        }

        return status is HttpStatusCode.InternalServerError or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout
            ? new RetryableDetails(throttling: false)
            : null;
    }
}
