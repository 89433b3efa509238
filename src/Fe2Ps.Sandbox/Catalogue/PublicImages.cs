using System.Collections.Concurrent;
using System.Globalization;
using Fe2Ps.Sandbox.State;

namespace Fe2Ps.Sandbox.Catalogue;

/// <summary>A release of a Linux distribution, as its maker publishes images of it.</summary>
/// <param name="Name">The image's name, with {0} for the architecture as the maker writes it and {1} for the date.</param>
internal sealed record ReleaseFacts(
    string Family, string Version, string OwnerId, string? OwnerAlias, string Name, string Description, string LoginUser, string RootDevice,
    int SizeGiB, string Arm, string Amd, IReadOnlyList<string> Dates, string VolumeType);

/// <summary>The images that their makers publish in every region, with the same ids in every sandbox.</summary>
internal static class PublicImages
{
    public const string Canonical = "099720109477";

    /// <summary>The sandbox's own: its hosts have systemd, as real images do, and the others a small init.</summary>
    private const string SystemdFamily = "sandbox-systemd";

    private static readonly ConcurrentDictionary<string, IReadOnlyDictionary<string, Image>> s_regions = new(StringComparer.Ordinal);

    public static IReadOnlyList<ReleaseFacts> Releases { get; } =
    [
        Ubuntu("20.04", "focal", "hvm-ssd", "gp2", "20250305", "20250430", "20250603"),
        Ubuntu("22.04", "jammy", "hvm-ssd", "gp2", "20250801", "20251015", "20251212", "20260203"),
        Ubuntu("24.04", "noble", "hvm-ssd-gp3", "gp3", "20250805", "20251022", "20251213", "20260210"),
        Ubuntu("26.04", "resolute", "hvm-ssd-gp3", "gp3", "20260423", "20260601"),
        Debian("11", "bullseye", "gp2", "20240211-1654", "20250303-2040"),
        Debian("12", "bookworm", "gp3", "20250316-2053", "20251006-2257"),
        Debian("13", "trixie", "gp3", "20250814-2204", "20251117-2299"),
        new(
            "amazon", "2023", "137112412989", "amazon", "al2023-ami-2023.{1}-kernel-6.1-{0}", "Amazon Linux 2023 AMI 2023.{1} {0} HVM kernel-6.1",
            "ec2-user", "/dev/xvda", 8, "arm64", "x86_64", ["8.20250808.1", "9.20251014.0", "9.20251208.0"], "gp3"),
        new(
            SystemdFamily, "1", "000000000000", null, "fe2ps-sandbox/ubuntu-systemd-{0}-{1}", "Fe2Ps, a host that systemd starts, {0}", "ubuntu", "/dev/sda1", 8,
            "arm64", "amd64", ["20260101"], "gp3"),
    ];

    /// <summary>The public images of a region, by id.</summary>
    public static IReadOnlyDictionary<string, Image> In(string region) => s_regions.GetOrAdd(region, Make);

    /// <summary>The newest image of a release for an architecture (x86_64 or arm64).</summary>
    public static Image? Newest(string region, string family, string version, string architecture)
        => Of(region, family, version, architecture).LastOrDefault();

    /// <summary>All images of a release for an architecture, oldest first.</summary>
    public static IEnumerable<Image> Of(string region, string family, string version, string architecture)
    {
        var release = Releases.FirstOrDefault(release => release.Family == family && release.Version == version);
        return release is null ? [] : release.Dates.Select(date => In(region)[Ids.Of("ami", $"{region} {NameOf(release, architecture, date)}")]);
    }

    public static string DateOf(Image image) => image.CreatedAt.ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    private static ReleaseFacts Ubuntu(string version, string code, string kind, string volume, params string[] dates) => new(
        "ubuntu", version, Canonical, null, $"ubuntu/images/{kind}/ubuntu-{code}-{version}-{{0}}-server-{{1}}",
        $"Canonical, Ubuntu, {version}, {{0}} {code} image", "ubuntu", "/dev/sda1", 8, "arm64", "amd64", dates, volume);

    private static ReleaseFacts Debian(string version, string code, string volume, params string[] dates) => new(
        "debian", version, "136693071363", null, $"debian-{version}-{{0}}-{{1}}", $"Debian {version} ({code}) {{1}}", "admin", "/dev/xvda", 8,
        "arm64", "amd64", dates, volume);

    private static string NameOf(ReleaseFacts release, string architecture, string date)
        => string.Format(CultureInfo.InvariantCulture, release.Name, architecture == "arm64" ? release.Arm : release.Amd, date);

    private static Dictionary<string, Image> Make(string region)
    {
        var images = new Dictionary<string, Image>(StringComparer.Ordinal);
        foreach (var release in Releases)
        {
            foreach (var architecture in new[] { "x86_64", "arm64" })
            {
                foreach (var date in release.Dates)
                {
                    var image = Make(region, release, architecture, date);
                    images[image.Id] = image;
                }
            }
        }

        return images;
    }

    private static Image Make(string region, ReleaseFacts release, string architecture, string date)
    {
        var name = NameOf(release, architecture, date);
        var day = date.Split('.', '-').First(part => part.Length == 8);
        var created = DateTimeOffset.ParseExact(day, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).AddHours(6);
        return new Image
        {
            Id = Ids.Of("ami", $"{region} {name}"),
            Name = name,
            Description = string.Format(CultureInfo.InvariantCulture, release.Description, architecture == "arm64" ? release.Arm : release.Amd, date),
            OwnerId = release.OwnerId,
            OwnerAlias = release.OwnerAlias,
            Architecture = architecture,
            Public = true,
            RootDevice = release.RootDevice,
            LoginUser = release.LoginUser,
            Systemd = release.Family == SystemdFamily,
            CreatedAt = created,
            DeprecatedAt = created.AddYears(2),
            Devices =
            [
                new DeviceMapping(
                    release.RootDevice, Ids.Of("snap", $"{region} {name}"), release.SizeGiB, release.VolumeType, release.VolumeType == "gp3" ? 3000 : null,
                    release.VolumeType == "gp3" ? 125 : null, false, true),
            ],
        };
    }
}
