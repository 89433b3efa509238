using Amazon.Runtime.CredentialManagement;
using Amazon.Util;
using Fe2Ps.Core.Defaults;
using Fe2Ps.Core.Regions;

namespace Fe2Ps.Core.Sessions;

/// <summary>
/// Finds region, profile, endpoint and the kind of credentials in AWS's own order, and remembers where each came from.
/// Reads <c>~/.aws</c>, never writes it. No credential is looked at here: only whether there are some.
/// </summary>
internal sealed class SettingsSearch(SessionOptions options, Fe2Defaults defaults, Fe2Environment environment)
{
    /// <summary>Where the sandbox says it is, when nobody says anything.</summary>
    private const string SandboxRegion = "us-east-2";
    private const string KeptDefault = "Set-Fe2Default";
    private static readonly string[] Services = ["EC2", "SSM", "PRICING", "STS", "AUTO_SCALING", "ELASTIC_LOAD_BALANCING_V2", "IAM", "DLM", "EFS"];
    private readonly List<SettingSource> sources = [];

    public IReadOnlyList<SettingSource> Sources => sources;

    public async Task<ClientKey> RunAsync(CancellationToken cancellationToken)
    {
        string? profileName = Take("Profile", options.ProfileName, "-ProfileName", defaults.ProfileName);
        string profile = profileName ?? environment.Get("AWS_PROFILE") ?? "default";
        if (profileName is null && environment.Get("AWS_PROFILE") is { } named)
            sources.Add(new("Profile", named, "environment variable AWS_PROFILE"));
        CredentialProfile? found = FindProfile(profile);
        if (found is null && (profileName ?? environment.Get("AWS_PROFILE")) is { } missing && !HasKeysInEnvironment(profileName))
        {
            throw new Fe2Exception(
                "ProfileNotFound", Fe2ErrorKind.NotFound, $"There is no profile '{missing}' in ~/.aws.",
                $"Make it with 'aws configure --profile {missing}', or name another with -ProfileName.", missing);
        }

        (string? endpoint, string serviceEndpoints) = FindEndpoint(found);
        bool isLocal = IsLocal(endpoint);
        if (isLocal && options.ProfileName is null && endpoint != found?.EndpointUrl)
        {
            // The everyday profile of Set-Fe2Default means AWS; a sandbox would refuse its keys, and has no business seeing them.
            profileName = null;
            sources.RemoveAll(s => s is { Setting: "Profile", Source: KeptDefault });
        }

        string region = await FindRegionAsync(found, profile, isLocal, cancellationToken).ConfigureAwait(false);
        bool usesSandboxCredentials = FindCredentials(profileName, found, profile, isLocal);
        return new ClientKey(region, profileName, endpoint, serviceEndpoints, usesSandboxCredentials);
    }

    /// <summary>True for an endpoint on this computer, where neither IMDS nor the user's own account are meant.</summary>
    internal static bool IsLocal(string? endpoint) => endpoint is not null && new Uri(endpoint).IsLoopback;

    private string? Take(string setting, string? parameter, string parameterName, string? kept)
    {
        if (!string.IsNullOrEmpty(parameter))
        {
            sources.Add(new(setting, parameter, parameterName));
            return parameter;
        }

        if (!string.IsNullOrEmpty(kept))
        {
            sources.Add(new(setting, kept, KeptDefault));
            return kept;
        }

        return null;
    }

    private (string? Endpoint, string ServiceEndpoints) FindEndpoint(CredentialProfile? profile)
    {
        string? endpoint = Take("Endpoint", options.EndpointUrl, "-EndpointUrl", defaults.EndpointUrl);
        if (endpoint is not null)
            return (Checked(endpoint), "");
        if (environment.Get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") is { } ignore && bool.TryParse(ignore, out bool ignored) && ignored)
            return (null, "");

        var single = new List<string>();
        foreach (string service in Services)
        {
            string variable = $"AWS_ENDPOINT_URL_{service}";
            if (environment.Get(variable) is not { } url)
                continue;
            single.Add($"{service}={Checked(url)}");
            sources.Add(new("Endpoint", url, $"environment variable {variable}"));
        }

        if (environment.Get("AWS_ENDPOINT_URL") is { } all)
        {
            sources.Add(new("Endpoint", all, "environment variable AWS_ENDPOINT_URL"));
            return (Checked(all), string.Join(';', single));
        }

        if (profile?.EndpointUrl is { Length: > 0 } ofProfile)
        {
            sources.Add(new("Endpoint", ofProfile, $"profile {profile.Name}"));
            return (Checked(ofProfile), string.Join(';', single));
        }

        return (null, string.Join(';', single));
    }

    private static string Checked(string endpoint)
    {
        if (Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https")
            return endpoint;
        throw new Fe2Exception(
            "EndpointInvalid", Fe2ErrorKind.InvalidArgument, $"The endpoint '{endpoint}' is not an http or https address.",
            "Give one such as http://127.0.0.1:4566, or none for AWS itself.", endpoint);
    }

    private async Task<string> FindRegionAsync(
        CredentialProfile? profile, string profileName, bool isLocal, CancellationToken cancellationToken)
    {
        if (Take("Region", options.Region, "-Region", defaults.Region) is { } named)
            return RegionCatalogue.Resolve(named);
        foreach (string variable in new[] { "AWS_REGION", "AWS_DEFAULT_REGION" })
        {
            if (environment.Get(variable) is { } value)
                return Note(value, $"environment variable {variable}");
        }

        if (profile?.Region is { } ofProfile)
            return Note(ofProfile.SystemName, $"profile {profileName}");
        if (isLocal)
            return Note(SandboxRegion, "the sandbox's own region");
        if (!IsMetadataOff() && await MetadataRegionAsync(cancellationToken).ConfigureAwait(false) is { } here)
            return Note(here, "this instance's metadata (IMDS)");
        throw new Fe2Exception(
            "RegionMissing", Fe2ErrorKind.InvalidArgument,
            "No region: neither -Region, Set-Fe2Default, AWS_REGION, AWS_DEFAULT_REGION nor the profile names one.",
            "Set-Fe2Default -Region Ohio keeps one; Get-Fe2Region lists them.");

        string Note(string value, string source)
        {
            sources.Add(new("Region", value, source));
            return RegionCatalogue.Resolve(value);
        }
    }

    private bool IsMetadataOff() =>
        string.Equals(environment.Get("AWS_EC2_METADATA_DISABLED"), "true", StringComparison.OrdinalIgnoreCase);

    private static async Task<string?> MetadataRegionAsync(CancellationToken cancellationToken)
    {
        try
        {
            // The SDK's call blocks and takes no token; whoever cancels does not wait for it.
            return await Task.Run(() => EC2InstanceMetadata.Region?.SystemName, cancellationToken)
                .WaitAsync(TimeSpan.FromSeconds(5), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return null;
        }
    }

    private bool FindCredentials(string? profileName, CredentialProfile? profile, string searched, bool isLocal)
    {
        string? source =
            profileName is not null ? $"profile {profileName}"
            : environment.Get("AWS_ACCESS_KEY_ID") is not null ? "environment variable AWS_ACCESS_KEY_ID"
            : environment.Get("AWS_WEB_IDENTITY_TOKEN_FILE") is not null ? "environment variable AWS_WEB_IDENTITY_TOKEN_FILE"
            : profile is not null && (!isLocal || environment.Get("AWS_PROFILE") is not null) ? $"profile {searched}"
            : null;
        if (source is not null)
        {
            sources.Add(new("Credentials", KindOf(source, profile), source));
            return false;
        }

        if (isLocal)
        {
            // The user's everyday profile is not handed to whatever listens on this computer.
            sources.Add(new("Credentials", "sandbox", "fixed for endpoints on this computer"));
            return true;
        }

        bool inContainer = environment.Get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") is not null
            || environment.Get("AWS_CONTAINER_CREDENTIALS_FULL_URI") is not null;
        sources.Add(new("Credentials", "role", inContainer ? "the container's role" : "this instance's metadata (IMDS)"));
        return false;
    }

    private static string KindOf(string source, CredentialProfile? profile) =>
        source.StartsWith("profile", StringComparison.Ordinal) ? profile?.CredentialDescription ?? "profile" : "keys";

    private bool HasKeysInEnvironment(string? profileName) =>
        profileName is null && environment.Get("AWS_ACCESS_KEY_ID") is not null;

    private static CredentialProfile? FindProfile(string name)
    {
        try
        {
            return new CredentialProfileStoreChain().TryGetProfile(name, out CredentialProfile profile) ? profile : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new Fe2Exception(
                "ProfileUnreadable", Fe2ErrorKind.Security, $"The AWS configuration cannot be read: {e.Message}",
                "Check the files in ~/.aws.", name, e);
        }
    }
}
