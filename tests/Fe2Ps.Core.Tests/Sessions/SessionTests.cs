using Fe2Ps.Core.Defaults;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.Sessions;

public sealed class SessionTests : IDisposable
{
    private readonly DirectoryInfo home = Directory.CreateTempSubdirectory("core-tests-");

    public void Dispose() => home.Delete(recursive: true);

    [Fact]
    public async Task ParameterThenDefaultThenEnvironmentThenProfile()
    {
        Fe2Environment bare = TestCloud.Here("me", home.FullName, ("AWS_PROFILE", "work"));
        Fe2Environment full = TestCloud.Here("me", home.FullName, ("AWS_PROFILE", "work"), ("AWS_DEFAULT_REGION", "us-west-2"), ("AWS_REGION", "us-west-1"));

        Assert.Equal(("eu-west-1", "profile work"), await RegionAsync(new SessionOptions(), bare));
        Assert.Equal(("us-west-1", "environment variable AWS_REGION"), await RegionAsync(new SessionOptions(), full));
        new DefaultsFile(new Fe2Home(full)).Change(d => d with { Region = "Seoul" });
        Assert.Equal(("ap-northeast-2", "Set-Fe2Default"), await RegionAsync(new SessionOptions(), full));
        Assert.Equal(("us-east-2", "-Region"), await RegionAsync(new SessionOptions("ohio"), full));
        Assert.Equal(("eu-west-1", "profile work"), await RegionAsync(new SessionOptions(ProfileName: "work"), TestCloud.Here("me", home.CreateSubdirectory("b").FullName)));
    }

    [Fact]
    public async Task TheEndpointComesFromTheEnvironmentOrTheProfile()
    {
        Fe2Session ofEnvironment = await Fe2Session.OpenAsync(null, TestCloud.Here("me", home.FullName, ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")));
        Assert.Equal(("http://127.0.0.1:4566", true, "us-east-2"), (ofEnvironment.EndpointUrl, ofEnvironment.IsLocal, ofEnvironment.Region));

        Fe2Session ofProfile = await Fe2Session.OpenAsync(new SessionOptions(ProfileName: "plain"), TestCloud.Here("me", home.FullName));
        Assert.Equal(("http://127.0.0.1:9", "ap-northeast-2"), (ofProfile.EndpointUrl, ofProfile.Region));

        Fe2Session ignoring = await Fe2Session.OpenAsync(
            new SessionOptions("ohio"),
            TestCloud.Here("me", home.FullName, ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"), ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")));
        Assert.Null(ignoring.EndpointUrl);
    }

    [Fact]
    public async Task SourcesNameThePlaceAndNeverASecret()
    {
        Fe2Session session = await Fe2Session.OpenAsync(
            new SessionOptions("ohio"),
            TestCloud.Here("me", home.FullName, ("AWS_ACCESS_KEY_ID", "AKIATOPSECRET"), ("AWS_SECRET_ACCESS_KEY", "hush")));

        Assert.Contains(session.Sources, s => s is { Setting: "Credentials", Source: "environment variable AWS_ACCESS_KEY_ID" });
        Assert.DoesNotContain(session.Sources, s => $"{s}".Contains("TOPSECRET", StringComparison.Ordinal) || $"{s}".Contains("hush", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TheEverydayProfileIsNotShownToAnEndpointOnThisComputer()
    {
        Fe2Session session = await Fe2Session.OpenAsync(
            new SessionOptions(EndpointUrl: "http://127.0.0.1:4566"), TestCloud.Here("me", home.FullName));

        Assert.Contains(session.Sources, s => s is { Setting: "Credentials", Value: "sandbox" });
    }

    [Fact]
    public async Task TheKeptProfileMeansAwsAndNotASandbox()
    {
        Fe2Environment here = TestCloud.Here("me", home.FullName, ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"));
        new DefaultsFile(new Fe2Home(here)).Change(d => d with { ProfileName = "work" });

        Fe2Session sandbox = await Fe2Session.OpenAsync(null, here);
        Fe2Session named = await Fe2Session.OpenAsync(new SessionOptions(ProfileName: "work"), here);
        Fe2Session aws = await Fe2Session.OpenAsync(null, TestCloud.Here("me", home.FullName));

        Assert.Null(sandbox.ProfileName);
        Assert.Contains(sandbox.Sources, s => s is { Setting: "Credentials", Value: "sandbox" });
        Assert.Equal(("work", "work"), (named.ProfileName, aws.ProfileName));
    }

    [Theory]
    [InlineData(null, "nobody", null, "ProfileNotFound")]
    [InlineData("atlantis", null, null, "RegionNotFound")]
    [InlineData("asia", null, null, "RegionAmbiguous")]
    [InlineData("ohio", null, "4566", "EndpointInvalid")]
    [InlineData(null, null, null, "RegionMissing")]
    public async Task WhatCannotBeOpenedIsAClearError(string? region, string? profile, string? endpoint, string id)
    {
        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(() => Fe2Session.OpenAsync(
            new SessionOptions(region, profile, endpoint),
            TestCloud.Here("me", home.FullName, ("AWS_EC2_METADATA_DISABLED", "true"))));

        Assert.Equal(id, error.Id);
        Assert.NotEmpty(error.NextStep);
    }

    private static async Task<(string Region, string Source)> RegionAsync(SessionOptions options, Fe2Environment environment)
    {
        Fe2Session session = await Fe2Session.OpenAsync(options, environment);
        return (session.Region, session.Sources.Single(s => s.Setting == "Region").Source);
    }
}
