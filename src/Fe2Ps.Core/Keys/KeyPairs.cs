using System.Collections.Concurrent;
using System.Text;
using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Keys;

/// <summary>A key pair of the region and the private key that opens its machines from here.</summary>
/// <param name="Name">The key pair's name on EC2.</param>
/// <param name="PrivateFile">The private key's path, or null where the ssh agent holds it.</param>
public sealed record KeyChoice(string Name, string? PrivateFile);

/// <summary>Key pairs: the region's and this computer's halves of them. No private key ever leaves this computer.</summary>
public sealed class KeyPairs(Fe2Session session)
{
    /// <summary>The key pair that is used unless told otherwise.</summary>
    public const string DefaultName = "default";

    /// <summary>One command after another on the same machine need not ask EC2 for the same key each time.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(5);
    private static readonly ConcurrentDictionary<string, (DateTimeOffset At, string PrivateFile)> Known = new();
    private readonly LocalKeys local = new(session);

    /// <summary>
    /// Makes sure that machines launched with the key pair can be entered from here. A key pair that the region lacks is made:
    /// from <paramref name="keyFile"/>, else from the user's own public key, else from a new key in the Fe2 folder.
    /// </summary>
    /// <param name="name">The key pair, or null for <c>Set-Fe2Default -KeyName</c>, else <c>default</c>.</param>
    /// <param name="keyFile">A private key of this computer, or null to look for the one that fits.</param>
    /// <param name="report">Told when a key is imported.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="Fe2Exception"><c>PrivateKeyMissing</c>: the key pair exists, its private key is not here; <c>KeyFileNotFound</c>.</exception>
    public Task<KeyChoice> EnsureAsync(
        string? name = null, string? keyFile = null, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        string wanted = name ?? session.Defaults.KeyName ?? DefaultName;
        string? file = keyFile ?? (name is null || name == session.Defaults.KeyName ? session.Defaults.KeyFile : null);
        return session.GuardAsync($"prepare the key pair {wanted}", wanted, async () =>
        {
            LocalKey? given = file is null ? null : await local.AtAsync(file, cancellationToken).ConfigureAwait(false);
            if (await FindAsync(wanted, cancellationToken).ConfigureAwait(false) is { } there)
                return await MatchAsync(there, given, cancellationToken).ConfigureAwait(false);

            LocalKey key = given ?? local.Favourite() ?? await local.CreateAsync(wanted, cancellationToken).ConfigureAwait(false);
            try
            {
                await ImportAsync(wanted, key.Public, cancellationToken).ConfigureAwait(false);
                report?.Report(new VerboseReport($"Imported {key.PrivateFile}.pub as the key pair '{wanted}' of {session.Region}."));
            }
            catch (AmazonEC2Exception e) when (e.ErrorCode == "InvalidKeyPair.Duplicate")
            {
                // Somebody made it between the two calls.
                if (await FindAsync(wanted, cancellationToken).ConfigureAwait(false) is { } now)
                    return await MatchAsync(now, given, cancellationToken).ConfigureAwait(false);
                throw;
            }

            return new KeyChoice(wanted, key.PrivateFile);
        });
    }

    /// <summary>
    /// The private key that opens machines of a key pair, or null for ssh's own choice: the agent holds it, or nothing here fits
    /// and only ssh_config can know.
    /// </summary>
    public Task<string?> FindPrivateFileAsync(string? name, string? keyFile = null, CancellationToken cancellationToken = default) =>
        session.GuardAsync($"find the private key of {name}", name, async () =>
        {
            string? file = keyFile ?? (name == (session.Defaults.KeyName ?? DefaultName) ? session.Defaults.KeyFile : null);
            if (file is not null)
                return (await local.AtAsync(file, cancellationToken).ConfigureAwait(false)).PrivateFile;
            if (name is null)
                return null;
            string key = $"{session.Folder.Path}|{session.CacheScope}|{name}";
            if (Known.TryGetValue(key, out var known) && session.Clock.GetUtcNow() - known.At < Memory && File.Exists(known.PrivateFile))
                return known.PrivateFile;
            if (await FindAsync(name, cancellationToken).ConfigureAwait(false) is not { } pair || PublicKey.TryParse(pair.PublicKey) is not { } wanted
                || (await local.FindAsync(wanted, cancellationToken).ConfigureAwait(false))?.PrivateFile is not { } found)
                return null;
            Known[key] = (session.Clock.GetUtcNow(), found);
            return found;
        });

    /// <summary>The names of the region's key pairs, in order.</summary>
    public Task<IReadOnlyList<string>> NamesAsync(CancellationToken cancellationToken = default) =>
        session.GuardAsync<IReadOnlyList<string>>("list key pairs", null, async () =>
        {
            DescribeKeyPairsResponse answer = await session.Ec2.DescribeKeyPairsAsync(new DescribeKeyPairsRequest(), cancellationToken).ConfigureAwait(false);
            return [.. answer.KeyPairs.Select(k => k.KeyName).Order(StringComparer.Ordinal)];
        });

    private async Task<KeyPairInfo?> FindAsync(string name, CancellationToken cancellationToken)
    {
        DescribeKeyPairsResponse answer = await session.Ec2.DescribeKeyPairsAsync(
            new DescribeKeyPairsRequest
            {
                Filters = [new Filter { Name = "key-name", Values = [name] }],
                IncludePublicKey = true,
            },
            cancellationToken).ConfigureAwait(false);
        return answer.KeyPairs.FirstOrDefault(k => k.KeyName == name);
    }

    private async Task<KeyChoice> MatchAsync(KeyPairInfo pair, LocalKey? given, CancellationToken cancellationToken)
    {
        PublicKey? wanted = PublicKey.TryParse(pair.PublicKey);
        if (given is not null)
        {
            if (wanted is null || wanted.Blob == given.Public.Blob)
                return new KeyChoice(pair.KeyName, given.PrivateFile);
            throw new Fe2Exception(
                "KeyFileMismatch", Fe2ErrorKind.InvalidArgument,
                $"The key file {given.PrivateFile} does not belong to the key pair '{pair.KeyName}' of {session.Region}.",
                "Give the file that does, or another -KeyName, which is then made from this file.", pair.KeyName);
        }

        LocalKey? found = wanted is null ? null : await local.FindAsync(wanted, cancellationToken).ConfigureAwait(false);
        return found is not null
            ? new KeyChoice(pair.KeyName, found.PrivateFile)
            : throw new Fe2Exception(
                "PrivateKeyMissing", Fe2ErrorKind.Security,
                $"The key pair '{pair.KeyName}' of {session.Region} exists, but its private key ({pair.KeyFingerprint}) is not on this computer.",
                "Point at it with -KeyFile, copy it to ~/.ssh with its .pub beside it, or give another -KeyName: a new key pair is then made from your own key.",
                pair.KeyName);
    }

    private Task<ImportKeyPairResponse> ImportAsync(string name, PublicKey key, CancellationToken cancellationToken)
    {
        if (!key.IsImportable)
        {
            throw new Fe2Exception("KeyInvalid", Fe2ErrorKind.InvalidArgument, $"EC2 does not take keys of the type {key.Type}.",
                "Give an ed25519 or RSA key with -KeyFile; 'ssh-keygen -t ed25519' makes one.", name);
        }

        return session.Ec2.ImportKeyPairAsync(
            new ImportKeyPairRequest
            {
                KeyName = name,
                PublicKeyMaterial = Convert.ToBase64String(Encoding.UTF8.GetBytes(key.ToString())),
                TagSpecifications =
                [
                    new TagSpecification { ResourceType = ResourceType.KeyPair, Tags = [new Tag("fe2:owner", Instances.Owner.Of(session.Environment))] },
                ],
            },
            cancellationToken);
    }
}
