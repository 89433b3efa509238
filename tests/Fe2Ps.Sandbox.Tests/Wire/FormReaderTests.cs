using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Tests.Wire;

public sealed class FormReaderTests
{
    private static readonly Dictionary<string, ServiceModel> s_models = ServiceModel.LoadAll(Path.Combine(AppContext.BaseDirectory, "models"));

    [Fact]
    public void Reads_nested_lists_and_structures_by_the_model()
    {
        var fields = Read(
            "RunInstances",
            "Action=RunInstances&Version=2016-11-15&MinCount=1&MaxCount=2&BlockDeviceMapping.1.DeviceName=%2Fdev%2Fsda1&BlockDeviceMapping.1.Ebs.VolumeSize=20"
            + "&BlockDeviceMapping.1.Ebs.Encrypted=true&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=a+b%2Bc"
            + "&TagSpecification.1.Tag.10.Key=ten&TagSpecification.1.Tag.2.Key=two&DryRun=false");
        Assert.Equal(2, fields.Int("MaxCount"));
        var ebs = fields.List("BlockDeviceMappings")[0].Struct("Ebs")!;
        Assert.Equal(20, ebs.Int("VolumeSize"));
        Assert.True(ebs.Is("Encrypted"));
        var tags = fields.List("TagSpecifications")[0].List("Tags");
        Assert.Equal(["Name", "two", "ten"], tags.Select(tag => tag.Text("Key")));
        Assert.Equal("a b+c", tags[0].Text("Value"));
    }

    [Theory]
    [InlineData("RunInstances", "MinCount=1&MaxCount=1&Bogus=1", "UnknownParameter", "Bogus")]
    [InlineData("RunInstances", "MinCount=1&MaxCount=1&Placement.Bogus=1", "UnknownParameter", "Placement.Bogus")]
    [InlineData("RunInstances", "MinCount=1&MaxCount=1&ImageId.1=x", "UnknownParameter", "ImageId.1")]
    [InlineData("RunInstances", "MinCount=1", "MissingParameter", "MaxCount")]
    [InlineData("RunInstances", "MinCount=one&MaxCount=1", "InvalidParameterValue", "one")]
    [InlineData("RunInstances", "MinCount=99999999999&MaxCount=1", "InvalidParameterValue", "99999999999")]
    [InlineData("RunInstances", "MinCount=1&MaxCount=1&EbsOptimized=yes", "InvalidParameterValue", "yes")]
    [InlineData("RunInstances", "MinCount=1&MaxCount=1&InstanceInitiatedShutdownBehavior=explode", "InvalidParameterValue", "explode")]
    [InlineData("ImportKeyPair", "KeyName=a&PublicKeyMaterial=%25%25", "InvalidParameterValue", "%%")]
    [InlineData("DescribeSpotPriceHistory", "StartTime=yesterday", "InvalidParameterValue", "yesterday")]
    [InlineData("DescribeInstanceTypes", "MaxResults=1000", "InvalidParameterValue", "1000")]
    [InlineData("DescribeRegions", "Filter.x.Name=1", "UnknownParameter", "Filter.x")]
    public void Refuses_what_the_model_does_not_know(string operation, string form, string code, string named)
    {
        var error = Assert.Throws<ApiException>(() => Read(operation, form));
        Assert.Equal(code, error.Code);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Takes_times_as_ISO_and_as_seconds()
    {
        var iso = Read("DescribeSpotPriceHistory", "StartTime=2026-01-02T03%3A04%3A05Z").Time("StartTime");
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), iso);
        Assert.Equal(iso, Read("DescribeSpotPriceHistory", $"StartTime={iso!.Value.ToUnixTimeSeconds()}").Time("StartTime"));
    }

    private static Fields Read(string operation, string form) => FormReader.Read(s_models["ec2"].Operations[operation], FormReader.Split(form));
}
