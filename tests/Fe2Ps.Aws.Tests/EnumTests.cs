using Amazon.EC2;

namespace Fe2Ps.Aws.Tests;

/// <summary>Enums behave as the SDK's constant classes.</summary>
public sealed class EnumTests
{
    [Fact]
    public void A_known_value_is_one_object_however_it_is_spelled()
    {
        InstanceType spelled = "T3.Micro";

        Assert.Same(InstanceType.T3Micro, spelled);
        Assert.Equal("t3.micro", spelled.Value);
        Assert.Equal("t3.micro", spelled.ToString());
        Assert.True(spelled == "t3.micro");
    }

    [Theory]
    [InlineData("z9.vast")]
    [InlineData("")]
    [InlineData("t3.micro\nt3.small")]
    [InlineData("t3")]
    public void An_unknown_value_is_kept_as_it_is(string value)
    {
        Assert.Equal(value, InstanceType.FindValue(value).Value);
        Assert.Equal(InstanceType.FindValue(value), new InstanceType(value));
    }

    [Fact]
    public void Nothing_is_no_value()
    {
        InstanceType? none = (string?)null;

        Assert.Null(none);
    }

    [Fact]
    public void Constants_are_named_as_the_SDK_names_them()
    {
        Assert.Equal("shutting-down", InstanceStateName.ShuttingDown.Value);
        Assert.Equal("d2.xlarge", InstanceType.D2Xlarge.Value);
        Assert.Equal("m4.10xlarge", InstanceType.M410xlarge.Value);
        Assert.Equal("instance-store", DeviceType.InstanceStore.Value);
        Assert.Equal("x86_64", ArchitectureValues.X86_64.Value);
        Assert.Equal("gp3", VolumeType.Gp3.Value);
    }
}
