using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace Fe2Ps.Npm;

/// <summary>Brings packages from a registry into a folder.</summary>
internal sealed class PackageStore(NpmSettings settings) : IDisposable
{
    private const int Tries = 4;
    private const string Stamp = ".integrity";
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // No redirect is followed by itself: a token belongs to the registry alone.
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(100) };

    /// <summary>Brings a package unless it is there already.</summary>
    /// <exception cref="NpmException">It cannot be had, or is not what the lock file promises.</exception>
    public async Task BringAsync(LockedPackage package, string folder)
    {
        var target = Path.Combine(folder, "node_modules", package.Name);
        var stamp = Convert.ToBase64String(package.Sha512);
        if (File.Exists(Path.Combine(target, Stamp)) && await File.ReadAllTextAsync(Path.Combine(target, Stamp)).ConfigureAwait(false) == stamp)
        {
            // MSBuild asks whether it is newer than the lock file.
            File.SetLastWriteTimeUtc(Path.Combine(target, Stamp), DateTime.UtcNow);
            return;
        }

        var file = $"{package.Name.Split('/')[^1]}-{package.Version}.tgz";
        var address = new Uri(settings.RegistryOf(package.Name), $"{package.Name}/-/{file}");
        var archive = await DownloadAsync(address).ConfigureAwait(false);
        if (!CryptographicOperations.FixedTimeEquals(SHA512.HashData(archive), package.Sha512))
            throw new NpmException($"{address} is not the {package.Name} {package.Version} of the lock file: its sha512 is {Convert.ToBase64String(SHA512.HashData(archive))}. Nothing of it is used.");

        // Whole or not at all, also beside another build that does the same.
        var fresh = Directory.CreateDirectory($"{target}.{Path.GetRandomFileName()}").FullName;
        try
        {
            await ExtractAsync(archive, fresh).ConfigureAwait(false);
            await File.WriteAllTextAsync(Path.Combine(fresh, Stamp), stamp).ConfigureAwait(false);
            if (Directory.Exists(target)) Directory.Delete(target, recursive: true);
            Directory.Move(fresh, target);
        }
        catch (IOException) when (File.Exists(Path.Combine(target, Stamp)))
        {
            // Another build was quicker, and the lock file is the same.
        }
        finally
        {
            if (Directory.Exists(fresh)) Directory.Delete(fresh, recursive: true);
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<byte[]> DownloadAsync(Uri address)
    {
        var token = settings.TokenFor(address);
        var (next, hops) = (address, 0);
        for (var attempt = 1; ; attempt++)
        {
            string problem;
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, next);
                if (token is not null && next.Authority == address.Authority) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
                using var answer = await http.SendAsync(request).ConfigureAwait(false);
                if (answer.IsSuccessStatusCode) return await answer.Content.ReadAsByteArrayAsync().ConfigureAwait(false);
                if (answer.Headers.Location is { } location && (int)answer.StatusCode is >= 301 and <= 308 && hops++ < 5)
                {
                    next = new Uri(next, location);
                    attempt--;
                    continue;
                }

                problem = $"the registry answers {(int)answer.StatusCode}";
                if (answer.StatusCode is not (HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError))
                    throw Unreachable(address, problem);
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                problem = e.Message;
            }

            if (attempt == Tries) throw Unreachable(address, problem);
            await Task.Delay(Pause * attempt).ConfigureAwait(false);
        }
    }

    private static NpmException Unreachable(Uri address, string problem) => new(
        $"{address} cannot be had: {problem}. The address comes from npm's settings; 'npm config set registry URL' or npm_config_registry names another registry.");

    private static async Task ExtractAsync(byte[] archive, string folder)
    {
        await using var unpacked = new GZipStream(new MemoryStream(archive), CompressionMode.Decompress);
        await using var tar = new TarReader(unpacked);
        while (await tar.GetNextEntryAsync().ConfigureAwait(false) is { } entry)
        {
            // Every path of an npm archive begins with one folder of any name.
            var slash = entry.Name.IndexOf('/', StringComparison.Ordinal);
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || slash < 0) continue;
            var path = Path.GetFullPath(Path.Combine(folder, entry.Name[(slash + 1)..]));
            if (!path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)) throw new NpmException($"the archive holds a file outside of itself: {entry.Name}");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await using var file = File.Create(path);
            if (entry.DataStream is { } data) await data.CopyToAsync(file).ConfigureAwait(false);
        }
    }
}
