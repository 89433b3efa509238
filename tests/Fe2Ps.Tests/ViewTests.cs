using System.Text;
using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Commands;
using Fe2Ps.Views;

namespace Fe2Ps.Tests;

/// <summary>What views show, and how remote output becomes lines.</summary>
public sealed class ViewTests
{
    private static Instance Running(TimeSpan age) => new()
    {
        InstanceId = "i-0123456789abcdef0",
        State = new InstanceState { Name = InstanceStateName.Running },
        LaunchTime = DateTime.UtcNow - age,
        Placement = new Placement { AvailabilityZone = "ap-northeast-2c" },
        PublicIpAddress = "198.51.100.7",
        Tags = [new Tag("Name", "한국어")],
    };

    [Theory]
    [InlineData(5, "5s")]
    [InlineData(725, "12m 5s")]
    [InlineData(7500, "2h 5m")]
    [InlineData(273600, "3d 4h")]
    [InlineData(-30, "0s")]
    public void An_age_has_its_two_largest_units(int seconds, string text) => Assert.Equal(text, InstanceView.AgeText(Running(TimeSpan.FromSeconds(seconds + 0.5))));

    [Fact]
    public void An_instance_that_does_not_run_has_no_age()
    {
        Instance instance = Running(TimeSpan.FromDays(1));
        instance.State = new InstanceState { Name = InstanceStateName.Stopped };
        Assert.Null(InstanceView.Age(instance));
        Assert.Equal("", InstanceView.AgeText(instance));
    }

    [Fact]
    public void A_zone_is_short_where_the_window_is_narrow()
    {
        Instance instance = Running(TimeSpan.Zero);
        Assert.Equal("2c", InstanceView.Zone(instance, 80));
        Assert.Equal("ap-northeast-2c", InstanceView.Zone(instance, 120));
        Assert.Equal("ap-northeast-2c", InstanceView.Zone(instance, 0));
    }

    [Fact]
    public void A_cell_that_is_too_long_for_the_window_says_so()
    {
        Assert.Equal(("vol-0f3a…", "i-0123456789abcdef0"), (Cell.Id("vol-0f3a1234567890abc", 80), Cell.Id("i-0123456789abcdef0", 200)));
        Assert.Equal(("i-0123456789abcdef0", null, "vol-1"), (Cell.Id("i-0123456789abcdef0", 0), Cell.Id(null, 80), Cell.Id("vol-1", 80)));
        Assert.Equal(("a-rather-…", "a-rather-long-name", "short"), (Cell.Rest("a-rather-long-name", 80, 70, 10), Cell.Rest("a-rather-long-name", 0, 70, 10), Cell.Rest("short", 80, 70, 10)));
        Assert.Equal("…/data/one.txt", Cell.End("/home/me/data/one.txt", 14));
        Assert.Equal("m5.large", InstanceView.TypeText(new Instance { InstanceType = InstanceType.M5Large }, 80));
    }

    [Fact]
    public void A_sandbox_says_so()
    {
        Assert.Equal("us-east-2", InstanceView.Place("us-east-2", null));
        Assert.Contains("SANDBOX", InstanceView.Place("us-east-2", "http://127.0.0.1:4566"), StringComparison.Ordinal);
        Assert.DoesNotContain("SANDBOX", InstanceView.Place("us-east-2", "https://ec2.example.com"), StringComparison.Ordinal);
        Assert.Equal("AWS", Cell.Source(null));
        Assert.Equal("SANDBOX at http://127.0.0.1:4566, costs nothing", Cell.Source("http://127.0.0.1:4566"));
        Assert.Equal("at https://ec2.example.com", Cell.Source("https://ec2.example.com"));
    }

    [Fact]
    public void An_image_that_is_being_made_says_how_far_it_is()
    {
        Image image = new() { ImageId = "ami-1", Name = "base-20260101", State = ImageState.Pending, Tags = [new Tag("Name", "base")] };
        Assert.Equal(("base", "pending 40%", "pending"), (ImageView.Name(image), ImageView.StateText(image, 40), ImageView.StateText(image, null)));
        image.State = ImageState.Available;
        Assert.Equal("available", ImageView.StateText(image, 100));
    }

    [Theory]
    [InlineData(0.0104, "$0.0104")]
    [InlineData(3, "$3.00")]
    [InlineData(1234.567, "$1234.57")]
    [InlineData(0.00001, "$0.00")]
    public void Money_is_short_and_small_prices_stay_apart(decimal usd, string text) => Assert.Equal(text, CostView.Money(usd));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(1000)]
    public void Output_becomes_lines_however_it_is_cut(int size)
    {
        byte[] bytes = Encoding.UTF8.GetBytes("one\r\n\n둘 \t三\nlast without end");
        var lines = new OutputLines();
        List<string> all = [];
        foreach (byte[] piece in bytes.Chunk(size)) all.AddRange(lines.Add(piece));
        Assert.Equal(["one", "", "둘 \t三"], all);
        Assert.Equal("last without end", lines.Finish());
        Assert.Null(lines.Finish());
    }

    [Fact]
    public void A_page_of_output_survives()
    {
        var lines = new OutputLines();
        Assert.Equal(2000, lines.Add(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("0123456789\n", 2000)))).Count);
    }
}
