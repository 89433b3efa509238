namespace Fe2Ps.Sandbox.Wire;

/// <summary>The credentials that the sandbox prints and takes. They open nothing but itself.</summary>
internal static class Credentials
{
    public const string AccessKey = "AKIAFE2SANDBOX000000";

    public const string SecretKey = "fe2sandbox/not/a/secret/opens/only/this/0";

    /// <summary>Each service's own words for credentials that it does not know.</summary>
    public static ApiException Refusal(ServiceModel service) => service.Protocol switch
    {
        "ec2" => new ApiException("AuthFailure", "AWS was not able to validate the provided access credentials", 401),
        "query" => new ApiException("InvalidClientTokenId", "The security token included in the request is invalid.", 403),
        _ => new ApiException("UnrecognizedClientException", "The security token included in the request is invalid."),
    };
}
