using Amazon.EC2.Model;
using Fe2Ps.Core.Keys;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Instances;

/// <summary>From an instance to what ssh needs to reach it, and back: the host key's fingerprint into its tag.</summary>
public sealed class InstanceTargets(Fe2Session session)
{
    /// <summary>The login user of Ubuntu's images.</summary>
    public const string UsualUser = "ubuntu";

    /// <summary>The target for an instance.</summary>
    /// <param name="instance">A running instance with an address.</param>
    /// <param name="keyFile">A private key, or null to look for the one of the instance's key pair.</param>
    /// <param name="user">The login user, or null for what the launch wrote down, else <c>Set-Fe2Default</c>, else <c>ubuntu</c>.</param>
    /// <exception cref="Fe2Exception"><c>InstanceNotRunning</c>, <c>InstanceWithoutAddress</c>.</exception>
    public async Task<SshTarget> ForAsync(
        Instance instance, string? keyFile = null, string? user = null, CancellationToken cancellationToken = default)
    {
        string state = InstanceFacts.StateOf(instance);
        if (state is not ("running" or "pending"))
        {
            throw new Fe2Exception(
                "InstanceNotRunning", Fe2ErrorKind.InvalidState, $"{InstanceFacts.Label(instance)} is {state}.",
                state == "stopped" ? $"Start it: Start-Fe2Instance {InstanceFacts.NameOf(instance) ?? instance.InstanceId}" : "Wait until it is running.",
                instance.InstanceId);
        }

        string? file = await new KeyPairs(session).FindPrivateFileAsync(instance.KeyName, keyFile, cancellationToken).ConfigureAwait(false);
        return For(instance, file, user);
    }

    /// <summary>The target for an instance whose private key is known already.</summary>
    internal SshTarget For(Instance instance, string? privateFile, string? user) => new(
        instance.InstanceId,
        InstanceFacts.NameOf(instance) ?? instance.InstanceId,
        InstanceFacts.AddressOf(instance) ?? throw new Fe2Exception(
            "InstanceWithoutAddress", Fe2ErrorKind.InvalidState, $"{InstanceFacts.Label(instance)} has no address.",
            "Launch into a subnet that gives public addresses, or start it again.", instance.InstanceId),
        user ?? WrittenUserOf(instance) ?? session.Defaults.User ?? UsualUser,
        privateFile,
        InstanceFacts.TagOf(instance, TagNames.HostKey));

    /// <summary>Writes the fingerprint where every other computer can check it, unless it is there.</summary>
    public Task PublishHostKeyAsync(Instance instance, string fingerprint, CancellationToken cancellationToken = default) =>
        session.GuardAsync("write down the host key", instance.InstanceId, async () =>
        {
            if (InstanceFacts.TagOf(instance, TagNames.HostKey) == fingerprint)
                return;
            await session.Ec2.CreateTagsAsync(
                new CreateTagsRequest { Resources = [instance.InstanceId], Tags = [new Tag(TagNames.HostKey, fingerprint)] }, cancellationToken).ConfigureAwait(false);
            instance.Tags.RemoveAll(t => t.Key == TagNames.HostKey);
            instance.Tags.Add(new Tag(TagNames.HostKey, fingerprint));
        });

    /// <summary>
    /// The login user that the launch wrote down, or null for a machine that Fe2Ps did not launch. Where it launched one without writing
    /// the user down, it was the usual one.
    /// </summary>
    internal static string? WrittenUserOf(Instance instance) =>
        InstanceFacts.TagOf(instance, TagNames.User) is { Length: > 0 } known ? known
            : InstanceFacts.TagOf(instance, TagNames.Launch) is null ? null : UsualUser;

    /// <summary>The login user of the machine that an image was frozen from, or null where nobody wrote it down.</summary>
    internal static string? WrittenUserOf(Image image) =>
        image.Tags?.FirstOrDefault(t => t.Key == TagNames.User)?.Value is { Length: > 0 } known ? known : null;

    /// <summary>
    /// The login user of an image. Sources: the "default user name" table of the EC2 user guide
    /// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/managing-users.html).
    /// </summary>
    public static string UserOf(Image image)
    {
        if (WrittenUserOf(image) is { } known)
            return known;
        string text = $"{image.Name} {image.Description} {image.ImageLocation}";
        foreach ((string sign, string user) in new[]
        {
            ("ubuntu", "ubuntu"), ("debian", "admin"), ("al2023", "ec2-user"), ("amzn", "ec2-user"), ("Amazon Linux", "ec2-user"),
            ("RHEL", "ec2-user"), ("suse", "ec2-user"), ("fedora", "fedora"), ("CentOS", "centos"), ("rocky", "rocky"), ("bitnami", "bitnami"),
        })
        {
            if (text.Contains(sign, StringComparison.OrdinalIgnoreCase))
                return user;
        }

        return UsualUser;
    }
}
