namespace Fe2Ps.Core;

/// <summary>What kind of failure a <see cref="Fe2Exception"/> is; the cmdlets map it to PowerShell's own error categories.</summary>
public enum Fe2ErrorKind
{
    /// <summary>A value that the caller gave cannot be used.</summary>
    InvalidArgument,

    /// <summary>A thing that the caller named does not exist.</summary>
    NotFound,

    /// <summary>A name stands for several things, or is taken already.</summary>
    Ambiguous,

    /// <summary>A thing is not in a state that allows this.</summary>
    InvalidState,

    /// <summary>Credentials are missing, wrong, expired, or do not permit this.</summary>
    Security,

    /// <summary>The cloud has no room or no quota left for this.</summary>
    Capacity,

    /// <summary>A connection failed or was cut.</summary>
    Connection,

    /// <summary>A wait reached its limit.</summary>
    Timeout,

    /// <summary>Something that must be installed here is missing.</summary>
    NotInstalled,

    /// <summary>The work on the other side failed.</summary>
    OperationFailed,
}

/// <summary>A failure that says what happened and what to do next.</summary>
/// <param name="id">A stable id, for example <c>InstanceNotFound</c>; scripts may compare it.</param>
/// <param name="kind">What kind of failure it is.</param>
/// <param name="message">What happened, with the parameter and the value that led to it.</param>
/// <param name="nextStep">What the caller can do now; one sentence.</param>
/// <param name="target">What it happened to: a name, an id or an object.</param>
/// <param name="inner">The failure underneath.</param>
public sealed class Fe2Exception(
    string id, Fe2ErrorKind kind, string message, string nextStep, object? target = null, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>A stable id that scripts may compare.</summary>
    public string Id { get; } = id;

    /// <summary>What kind of failure it is.</summary>
    public Fe2ErrorKind Kind { get; } = kind;

    /// <summary>What the caller can do now.</summary>
    public string NextStep { get; } = nextStep;

    /// <summary>What it happened to, or null.</summary>
    public object? Target { get; } = target;
}
