using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Fe2Ps.Aws.Tests;

/// <summary>The two ways to build on AWS's clients, as MSBuild itself sees them.</summary>
public sealed class BuildTests
{
    private static readonly string[] s_shared = ["AWSSDK.Core", "AWSSDK.SecurityToken"];
    private static readonly string[] s_services = ["AWSSDK.AutoScaling", "AWSSDK.DLM", "AWSSDK.EC2", "AWSSDK.ElasticFileSystem", "AWSSDK.ElasticLoadBalancingV2", "AWSSDK.IdentityManagement", "AWSSDK.Pricing", "AWSSDK.SimpleSystemsManagement"];

    [Fact]
    public void The_usual_build_generates_the_clients()
    {
        var items = Evaluated();

        Assert.Equal(s_shared, Names(items, "PackageReference"));
        Assert.Contains(Names(items, "AdditionalFiles"), f => f.EndsWith("ec2.json", StringComparison.Ordinal));
        Assert.Contains(Names(items, "ProjectReference"), p => p.Contains("Generator", StringComparison.Ordinal));
        Assert.DoesNotContain(Names(items, "PackageVersion"), s_services.Contains);
    }

    [Fact]
    public void AwsClients_nuget_takes_AWSs_own_packages_and_generates_nothing()
    {
        var items = Evaluated("-p:AwsClients=nuget", "-p:CI=true");

        Assert.Equal(s_shared.Concat(s_services).Order(), Names(items, "PackageReference").Order());
        Assert.Empty(Names(items, "AdditionalFiles"));
        Assert.Empty(Names(items, "ProjectReference"));
        Assert.DoesNotContain(Names(items, "Compile"), f => f.Contains("Wire", StringComparison.Ordinal));
        Assert.All(s_services, service => Assert.Contains(service, Names(items, "PackageVersion")));
        Assert.Equal("false", (string)items["Properties"]!["RestoreLockedMode"]!);
        Assert.EndsWith("obj/packages.nuget.lock.json", (string)items["Properties"]!["NuGetLockFilePath"]!);
    }

    private static IEnumerable<string> Names(JsonNode evaluated, string kind) =>
        evaluated["Items"]![kind]!.AsArray().Select(i => ((string)i!["Identity"]!).Replace('\\', '/'));

    private static JsonNode Evaluated(params string[] options)
    {
        var project = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "../../src/Fe2Ps.Aws/Fe2Ps.Aws.csproj"));
        var start = new ProcessStartInfo(
            "dotnet",
            ["msbuild", project, "-nodeReuse:false", "-getItem:PackageReference,PackageVersion,AdditionalFiles,ProjectReference,Compile", "-getProperty:RestoreLockedMode,NuGetLockFilePath", .. options])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // The test host hands its own MSBuild down; this one must find itself.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList()) start.Environment.Remove(name);
        using var msbuild = Process.Start(start)!;
        var errors = msbuild.StandardError.ReadToEndAsync();
        var output = msbuild.StandardOutput.ReadToEnd();
        msbuild.WaitForExit();
        Assert.True(msbuild.ExitCode == 0, output + errors.Result);
        return JsonNode.Parse(output)!;
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
