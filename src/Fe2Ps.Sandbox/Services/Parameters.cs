using System.Globalization;
using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>SSM: the public parameters in which image makers publish their newest image ids.</summary>
internal static class Parameters
{
    public static void Register(OperationTable table)
    {
        table.Add("ssm", "GetParameter", Get);
        table.Add("ssm", "GetParametersByPath", ByPath);
    }

    private static Fields Get(Call call)
    {
        var name = call.Input.Text("Name")!;
        var all = All(call.Facts.Name);
        return all.TryGetValue(name, out var image)
            ? new Fields { ["Parameter"] = One(call, name, image) }
            : throw new ApiException("ParameterNotFound", "");
    }

    private static Fields ByPath(Call call)
    {
        var path = call.Input.Text("Path")!.TrimEnd('/');
        var recursive = call.Input.Is("Recursive");
        var found = All(call.Facts.Name).Where(pair => pair.Key.StartsWith(path + "/", StringComparison.Ordinal) && (recursive || pair.Key.IndexOf('/', path.Length + 1) < 0))
            .OrderBy(pair => pair.Key, StringComparer.Ordinal);
        var page = Pages.Cut(found, call, pair => pair.Key, least: 1, most: 10, usual: 10);
        return new Fields
        {
            ["Parameters"] = page.Items.Select(pair => One(call, pair.Key, pair.Value)).ToList(),
            ["NextToken"] = page.NextToken,
        };
    }

    private static Fields One(Call call, string name, Image image) => new()
    {
        ["Name"] = name,
        ["Type"] = "String",
        ["Value"] = image.Id,
        ["Version"] = 1,
        ["LastModifiedDate"] = image.CreatedAt,
        ["ARN"] = $"arn:aws:ssm:{call.Facts.Name}::parameter{name}",
        ["DataType"] = "aws:ec2:image",
    };

    private static Dictionary<string, Image> All(string region)
    {
        var all = new Dictionary<string, Image>(StringComparer.Ordinal);
        foreach (var release in PublicImages.Releases)
        {
            foreach (var architecture in new[] { "x86_64", "arm64" })
            {
                var images = PublicImages.Of(region, release.Family, release.Version, architecture).ToList();
                foreach (var (path, image) in Names(release, architecture, images))
                    all[path] = image;
            }
        }

        return all;
    }

    private static IEnumerable<(string Path, Image Image)> Names(ReleaseFacts release, string architecture, List<Image> images)
    {
        var word = architecture == "arm64" ? release.Arm : release.Amd;
        switch (release.Family)
        {
            case "ubuntu":
                var volume = release.VolumeType == "gp3" ? "ebs-gp3" : "ebs-gp2";
                var root = $"/aws/service/canonical/ubuntu/server/{release.Version}/stable";
                yield return ($"{root}/current/{word}/hvm/{volume}/ami-id", images[^1]);
                foreach (var image in images)
                    yield return ($"{root}/{image.CreatedAt.ToString("yyyyMMdd", CultureInfo.InvariantCulture)}/{word}/hvm/{volume}/ami-id", image);
                break;
            case "debian":
                yield return ($"/aws/service/debian/release/{release.Version}/latest/{word}", images[^1]);
                break;
            default:
                yield return ($"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{word}", images[^1]);
                yield return ($"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-{word}", images[^1]);
                break;
        }
    }
}
