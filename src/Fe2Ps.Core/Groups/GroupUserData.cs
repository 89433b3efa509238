using System.IO.Compression;
using System.Text;
using Amazon.ElasticLoadBalancingV2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Groups;

/// <summary>
/// The first boot of a machine that a load balancer asks: it installs the watch and what that needs to leave the target group, starts it
/// now and at each boot, and then does what the user's own user data says. Compressed, as cloud-init takes it: EC2 allows 16 KiB. Sources:
/// "User data formats" in cloud-init's documentation, "Run commands on your Linux instance at launch" in the EC2 user guide.
/// </summary>
internal sealed class GroupUserData(Fe2Session session)
{
    private const int Most = 16 * 1024;
    private static readonly string[] Scripts = ["lib.sh", "aws.sh", "watch.sh", "serve.sh", "deregister.sh"];

    /// <summary>The user data, in base64.</summary>
    /// <exception cref="Fe2Exception"><c>UserDataTooLong</c>, <c>UserDataMixed</c>.</exception>
    public string Of(TargetGroup target, string user, string? own)
    {
        string script = Script(target, user);
        byte[] all = Compressed(own is null ? script : Parts(script, own));
        if (all.Length > Most)
        {
            throw GroupErrors.Invalid(
                "UserDataTooLong", $"With what the machines need to leave {target.TargetGroupName}, the user data has {all.Length} bytes compressed; 16 KiB are possible.",
                "Shorten -UserData, or freeze an image that does not need it.", null);
        }

        return Convert.ToBase64String(all);
    }

    private string Script(TargetGroup target, string user)
    {
        var text = new StringBuilder("#!/bin/sh\n# Written by Fe2Ps: at its interruption notice, a spot machine leaves its target group.\n");
        text.Append($"user={ShellQuote.Quote(user)}\nhome=$(getent passwd \"$user\" | cut -d : -f 6)\n[ -n \"$home\" ] || exit 1\n")
            .Append("fe2=$home/.fe2\numask 077\nrm -rf \"$fe2/drain\"\nmkdir -p \"$fe2/jobs\" \"$fe2/drain\"\n")
            .Append($"printf '%s\\n' {ShellQuote.Quote($"{Endpoint()} {session.Region} {target.TargetGroupArn}")} > \"$fe2/drain/targets\"\n");
        foreach (string name in Scripts)
        {
            string file = name == "lib.sh" ? name : Path.GetFileNameWithoutExtension(name);
            text.Append($"cat > \"$fe2/{file}\" <<'FE2_END_OF_FILE'\n{RemoteScripts.TextOf(name)}FE2_END_OF_FILE\nchmod 700 \"$fe2/{file}\"\n");
        }

        // A job that comes later installs everything anew.
        text.Append("rm -f \"$fe2/version\"\nchown -R \"$user:\" \"$fe2\"\n")
            .Append("boot=/var/lib/cloud/scripts/per-boot\nmkdir -p $boot\n")
            .Append("printf '#!/bin/sh\\nexec su - %s -c .fe2/serve\\n' \"$user\" > $boot/fe2-serve\nchmod 755 $boot/fe2-serve\n")
            .Append("su - \"$user\" -c '.fe2/serve' </dev/null >/dev/null 2>&1 &\n");
        return text.ToString();
    }

    /// <summary>Where the machines reach the load balancer's API. A sandbox on this computer answers its hosts where they look for their metadata.</summary>
    private string Endpoint() => session.IsLocal
        ? "http://169.254.169.254"
        : session.Balancing.DetermineServiceOperationEndpoint(new DeregisterTargetsRequest()).URL.TrimEnd('/');

    private static string Parts(string script, string own)
    {
        string kind = own.Split('\n', 2)[0].TrimEnd('\r') switch
        {
            ['#', '!', ..] => "text/x-shellscript",
            var first when first.StartsWith("#cloud-config", StringComparison.Ordinal) => "text/cloud-config",
            "#cloud-boothook" => "text/cloud-boothook",
            "#include" => "text/x-include-url",
            _ => throw GroupErrors.Invalid(
                "UserDataMixed", "With -TargetGroup, -UserData must begin with #! or #cloud-config: the machines need user data of their own beside it.",
                "Begin it so, or leave -TargetGroup out.", null),
        };
        const string Boundary = "==fe2==";
        string encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(own), Base64FormattingOptions.InsertLineBreaks).ReplaceLineEndings("\n");
        return $"Content-Type: multipart/mixed; boundary=\"{Boundary}\"\nMIME-Version: 1.0\n\n"
            + $"--{Boundary}\nContent-Type: text/x-shellscript; charset=\"us-ascii\"\nMIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\n"
            + $"Content-Disposition: attachment; filename=\"fe2-serve\"\n\n{script}\n"
            + $"--{Boundary}\nContent-Type: {kind}; charset=\"utf-8\"\nMIME-Version: 1.0\nContent-Transfer-Encoding: base64\n"
            + $"Content-Disposition: attachment; filename=\"user-data\"\n\n{encoded}\n--{Boundary}--\n";
    }

    private static byte[] Compressed(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }
}
