using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Fe2Ps.Core.Tests.Charts;

/// <summary>The build's own way to an npm package, against a registry of the test's own.</summary>
public sealed class NpmPackageTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("fe2-npm-");
    private readonly HttpListener registry = new();
    private readonly List<string> asked = [];
    private readonly byte[] archive = Archive();
    private readonly string address;

    public NpmPackageTests()
    {
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            address = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/npm/";
        }

        registry.Prefixes.Add(address);
        registry.Start();
        _ = ServeAsync();
    }

    [Theory]
    [InlineData("environment")]
    [InlineData("project")]
    [InlineData("user")]
    public async Task ThePackageComesFromTheRegistryThatNpmWouldTake(string place)
    {
        Lock(Convert.ToBase64String(SHA512.HashData(archive)));
        if (place != "environment")
            File.WriteAllText(Path.Combine(place == "project" ? folder.FullName : Home, ".npmrc"), $"; mine\nfund=false\nregistry = {address}\n");

        (int code, string said) = await RunAsync(place == "environment" ? address : null);

        Assert.True(code == 0, said);
        Assert.Equal("hello", File.ReadAllText(Path.Combine(folder.FullName, "out", "node_modules", "tiny", "dist", "tiny.js")));
        Assert.Equal(["/npm/tiny/-/tiny-1.2.3.tgz"], asked);
        Assert.Equal(0, (await RunAsync(null)).Code);
        Assert.Single(asked);
    }

    [Fact]
    public async Task WhatIsNotWhatTheLockFilePromisesIsNotUsed()
    {
        Lock(Convert.ToBase64String(SHA512.HashData("something else"u8)));

        (int code, string said) = await RunAsync(address);

        Assert.Equal(1, code);
        Assert.Contains("is not the tiny 1.2.3 of the lock file", said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(folder.FullName, "out", "node_modules", "tiny")));
    }

    [Fact]
    public async Task APackageWithoutAHashIsRefusedAndAMissingOneSaysWhereItWasSought()
    {
        Lock(null);
        Assert.Contains("no sha512 hash", (await RunAsync(address)).Said, StringComparison.Ordinal);

        Lock(Convert.ToBase64String(SHA512.HashData(archive)), "9.9.9");
        (int code, string said) = await RunAsync(address);
        Assert.Equal(1, code);
        Assert.Contains($"{address}tiny/-/tiny-9.9.9.tgz cannot be had: the registry answers 404", said, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        registry.Close();
        folder.Delete(recursive: true);
    }

    private string Home => Directory.CreateDirectory(Path.Combine(folder.FullName, "home")).FullName;

    private void Lock(string? hash, string version = "1.2.3") => File.WriteAllText(
        Path.Combine(folder.FullName, "package-lock.json"),
        "{'lockfileVersion':3,'packages':{'':{},'node_modules/tiny':{'version':'VERSION','integrity':'HASH'}}}".Replace('\'', '"')
            .Replace("VERSION", version, StringComparison.Ordinal).Replace("HASH", hash is null ? "sha1-old" : "sha512-" + hash, StringComparison.Ordinal));

    private async Task<(int Code, string Said)> RunAsync(string? registryVariable)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        DirectoryInfo root = output;
        while (!File.Exists(Path.Combine(root.FullName, "Fe2Ps.sln")))
            root = root.Parent!;
        string program = Path.Combine(root.FullName, "tools", "Fe2Ps.Npm", "bin", output.Parent!.Name, "net10.0", "Fe2Ps.Npm.dll");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true };
        foreach (string word in new[] { program, Path.Combine(folder.FullName, "package-lock.json"), Path.Combine(folder.FullName, "out") })
            start.ArgumentList.Add(word);
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("npm_config_", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        start.Environment["HOME"] = Home;
        start.Environment["npm_config_globalconfig"] = Path.Combine(Home, "none");
        if (registryVariable is not null)
            start.Environment["NPM_CONFIG_REGISTRY"] = registryVariable;
        using Process process = Process.Start(start)!;
        string said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, said);
    }

    private async Task ServeAsync()
    {
        while (registry.IsListening)
        {
            HttpListenerContext call;
            try
            {
                call = await registry.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            asked.Add(call.Request.Url!.AbsolutePath);
            call.Response.StatusCode = call.Request.Url.AbsolutePath.EndsWith("tiny-1.2.3.tgz", StringComparison.Ordinal) ? 200 : 404;
            if (call.Response.StatusCode == 200)
                await call.Response.OutputStream.WriteAsync(archive);
            call.Response.Close();
        }
    }

    private static byte[] Archive()
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Fastest))
        using (var tar = new TarWriter(zip))
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "package/dist/tiny.js") { DataStream = new MemoryStream(Encoding.UTF8.GetBytes("hello")) });
        return packed.ToArray();
    }
}
