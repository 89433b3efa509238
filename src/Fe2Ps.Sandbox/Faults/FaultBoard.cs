using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Faults;

/// <summary>The faults that stand, and what each call meets. Its users hold the sandbox's gate, or its own lock does for calls.</summary>
internal sealed class FaultBoard(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly List<Fault> _standing = [];

    // The same faults strike the same calls in every run.
    private readonly Random _chance = new(20260101);
    private int _next;

    public IReadOnlyList<Fault> All
    {
        get
        {
            lock (_lock)
                return [.. _standing];
        }
    }

    public Fault Add(Fault fault)
    {
        if (!FaultKinds.Standing.Contains(fault.Kind))
            throw new ArgumentException($"'{fault.Kind}' is no fault that can stand.", nameof(fault));
        lock (_lock)
        {
            fault.Id = $"fault-{++_next}";
            _standing.Add(fault);
            return fault;
        }
    }

    public void Clear(string? id = null)
    {
        lock (_lock)
            _standing.RemoveAll(fault => id is null || fault.Id == id);
    }

    /// <summary>The first standing fault of a kind that strikes this call, or null.</summary>
    public Fault? Strike(string kind, string operation, string? zone = null, string? instanceType = null, string? market = null)
    {
        lock (_lock)
        {
            foreach (var fault in _standing)
            {
                if (fault.Kind == kind && Wildcard.IsMatch(fault.Operation, operation) && Fits(fault.Zone, zone)
                    && Fits(fault.InstanceType, instanceType) && Fits(fault.Market, market) && IsTurn(fault))
                {
                    return fault;
                }
            }

            return null;
        }
    }

    /// <summary>What happens to a call before its operation sees it: throws the error, or returns the delay to keep; null resets the connection.</summary>
    public TimeSpan? Meet(ServiceModel service, string operation)
    {
        if (Strike("reset", operation) is not null)
            return null;
        if (Strike("expired", operation) is not null)
        {
            throw service.Protocol == "ec2"
                ? new ApiException("RequestExpired", "Request has expired.")
                : new ApiException(service.IsJson ? "ExpiredTokenException" : "ExpiredToken", "The security token included in the request is expired", service.IsJson ? 400 : 403);
        }

        if (Strike("auth-failure", operation) is not null)
            throw Credentials.Refusal(service);
        if (Strike("deny", operation) is { } deny)
            throw Authorization.Refusal(service, operation, time.GetUtcNow());
        if (Strike("throttle", operation) is { } throttle)
        {
            throw service.Protocol == "ec2"
                ? new ApiException(throttle.Code ?? "RequestLimitExceeded", "Request limit exceeded.", 503)
                : new ApiException(throttle.Code ?? (service.IsJson ? "ThrottlingException" : "Throttling"), "Rate exceeded");
        }

        if (Strike("error", operation) is { } error)
        {
            var status = error.Status ?? 500;
            throw status == 503
                ? new ApiException(error.Code ?? "Unavailable", "The service is unavailable. Please try again shortly.", 503)
                : new ApiException(error.Code ?? "InternalError", "An internal error has occurred", status);
        }

        return TimeSpan.FromSeconds(Strike("slow", operation)?.Seconds ?? 0);
    }

    private static bool Fits(string? pattern, string? value) => pattern is null || (value is not null && Wildcard.IsMatch(pattern, value));

    private bool IsTurn(Fault fault)
    {
        if (fault.Times <= fault.Struck)
            return false;
        fault.Seen++;
        if (fault.Every is > 1 && fault.Seen % fault.Every != 0)
            return false;
        if (fault.Rate is { } rate && _chance.NextDouble() >= rate)
            return false;
        fault.Struck++;
        return true;
    }
}
