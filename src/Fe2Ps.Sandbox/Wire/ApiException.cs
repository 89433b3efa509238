namespace Fe2Ps.Sandbox.Wire;

/// <summary>A failure that the caller is told about, in the service's own words.</summary>
internal sealed class ApiException(string code, string message, int status = 400) : Exception(message)
{
    /// <summary>The service's error code, for example <c>InvalidInstanceID.NotFound</c>.</summary>
    public string Code { get; } = code;

    /// <summary>The HTTP status of the answer.</summary>
    public int Status { get; } = status;

    public static ApiException Missing(string parameter)
        => new("MissingParameter", $"The request must contain the parameter {parameter}");

    public static ApiException Unknown(string parameter)
        => new("UnknownParameter", $"The parameter {parameter} is not recognized");

    public static ApiException BadValue(string value, string parameter, string? why = null)
        => new("InvalidParameterValue", $"Value ({value}) for parameter {parameter} is invalid.{(why is null ? "" : " " + why)}");
}
