using Amazon;
using Amazon.EC2.Model;
using Fe2Ps.Aws.Tests.Answers;

namespace Fe2Ps.Aws.Tests;

/// <summary>Alone, because the setting is one for the whole process.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class AloneCollection;

/// <summary>Collections start as AWSConfigs.InitializeCollections says.</summary>
[Collection("alone")]
public sealed class CollectionTests
{
    [Fact]
    public void Collections_start_empty_when_asked_to_and_null_otherwise()
    {
        Assert.Empty(new RunInstancesRequest().SecurityGroupIds);
        AWSConfigs.InitializeCollections = false;
        try
        {
            Assert.Null(new RunInstancesRequest().SecurityGroupIds);
            Assert.Null(new Instance().Tags);
            var read = Answered.Xml("<R><reservationSet/></R>", DescribeInstancesResponse.ReadXml);
            Assert.Empty(read.Reservations);
            Assert.Null(Answered.Xml("<R/>", DescribeInstancesResponse.ReadXml).Reservations);
        }
        finally
        {
            AWSConfigs.InitializeCollections = true;
        }
    }
}
