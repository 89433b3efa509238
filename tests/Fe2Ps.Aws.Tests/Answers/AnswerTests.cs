using Amazon;
using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;

namespace Fe2Ps.Aws.Tests.Answers;

/// <summary>What comes over the wire comes back as members.</summary>
public sealed class AnswerTests
{
    [Fact]
    public void Every_member_of_every_output_comes_back()
    {
        var members = 0;
        foreach (var model in ModelFile.All)
        {
            foreach (var operation in model.Operations)
            {
                var fill = new AnswerFill(model);
                var response = model.IsJson
                    ? Answered.Json(model, operation, fill.Json(operation), fill.Headers)
                    : Answered.Xml(model, operation, fill.Xml(operation));
                fill.Check(response);
                Assert.Equal("req-42", response.ResponseMetadata.RequestId);
                members += fill.Count;
            }
        }

        Assert.True(members > 2000, $"only {members} members were looked at");
    }

    [Fact]
    public void Members_and_enum_values_that_nobody_knows_yet_break_nothing()
    {
        var response = Instances(
            """
            <instanceId>i-1</instanceId>
            <newThing><deep><instanceId>not me</instanceId></deep></newThing>
            <instanceState><code>99</code><name>meditating</name><mood/></instanceState>
            <instanceType>z9.vast</instanceType>
            """);

        var instance = response.Reservations[0].Instances[0];
        Assert.Equal("i-1", instance.InstanceId);
        Assert.Equal("meditating", instance.State.Name.Value);
        Assert.True(instance.State.Name != InstanceStateName.Running);
        Assert.Equal("z9.vast", instance.InstanceType);
        Assert.Equal("req-1", response.ResponseMetadata.RequestId);
    }

    [Fact]
    public void Empty_elements_are_empty_texts_and_empty_lists()
    {
        var instance = Instances("<instanceId>i-1</instanceId><reason/><tagSet/><launchTime/><ebsOptimized></ebsOptimized>").Reservations[0].Instances[0];

        Assert.Equal("", instance.StateTransitionReason);
        Assert.Empty(instance.Tags);
        Assert.Null(instance.LaunchTime);
        Assert.Null(instance.EbsOptimized);
        Assert.Null(instance.State);
    }

    [Fact]
    public void A_text_is_kept_to_the_letter()
    {
        var instance = Instances(
            "<tagSet><item><key>space</key><value> </value></item><item><key>lines</key><value>a\n b&#10;&amp;&lt;<![CDATA[<c>]]><!-- no --> 한글</value></item></tagSet>")
            .Reservations[0].Instances[0];

        Assert.Equal(" ", instance.Tags[0].Value);
        Assert.Equal("a\n b\n&<<c> 한글", instance.Tags[1].Value);
    }

    [Fact]
    public void A_long_text_comes_back_whole()
    {
        var text = string.Concat(Enumerable.Range(0, 40_000).Select(i => (char)('a' + (i % 26))));

        var response = Answered.Xml($"<R><requestId>r</requestId><instanceId>i-1</instanceId><output>{text}</output></R>", GetConsoleOutputResponse.ReadXml);

        Assert.Equal(text, response.Output);
    }

    [Theory]
    [InlineData("2026-11-22T12:00:00.000Z")]
    [InlineData("2026-11-22T12:00:00Z")]
    [InlineData("2026-11-22T21:00:00+09:00")]
    public void A_time_comes_back_as_utc(string text)
    {
        var time = Instances($"<launchTime>{text}</launchTime>").Reservations[0].Instances[0].LaunchTime;

        Assert.Equal(new DateTime(2026, 11, 22, 12, 0, 0, DateTimeKind.Utc), time);
        Assert.Equal(DateTimeKind.Utc, time!.Value.Kind);
    }

    [Theory]
    [InlineData("<DescribeInstancesResponse><reservationSet><item>")]
    [InlineData("not xml at all")]
    [InlineData("<R><reservationSet><item><instancesSet><item><amiLaunchIndex>seven</amiLaunchIndex></item></instancesSet></item></reservationSet></R>")]
    public void An_answer_that_cannot_be_read_is_an_error_that_says_so(string answer)
    {
        var error = Assert.Throws<AmazonUnmarshallingException>(() => Answered.Xml(answer, DescribeInstancesResponse.ReadXml));

        Assert.NotNull(error.InnerException);
    }

    [Fact]
    public void A_thousand_instances_share_their_repeated_words()
    {
        var one = "<item><instancesSet><item><instanceId>i-1</instanceId><instanceState><code>16</code><name>running</name></instanceState>"
            + "<placement><availabilityZone>us-east-2a</availabilityZone></placement></item></instancesSet></item>";
        var response = Answered.Xml($"<R><reservationSet>{string.Concat(Enumerable.Repeat(one, 1000))}</reservationSet></R>", DescribeInstancesResponse.ReadXml);

        Assert.Equal(1000, response.Reservations.Count);
        var zones = response.Reservations.Select(r => r.Instances[0].Placement.AvailabilityZone).Distinct(ReferenceEqualityComparer.Instance);
        var states = response.Reservations.Select(r => r.Instances[0].State.Name).Distinct(ReferenceEqualityComparer.Instance);
        Assert.Single(zones);
        Assert.Single(states);
    }

    [Fact]
    public void Reading_an_instance_costs_little_more_memory_than_it_keeps()
    {
        var one = new AnswerFill(ModelFile.All[0]).Xml("DescribeInstances");
        Answered.Xml(one, DescribeInstancesResponse.ReadXml);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Answered.Xml(one, DescribeInstancesResponse.ReadXml);
        var spent = GC.GetAllocatedBytesForCurrentThread() - before;

        // Four instances with every member there is, and the reader's own buffers; a document in memory takes ten times that.
        Assert.True(spent < 400_000, $"{spent} bytes");
    }

    private static DescribeInstancesResponse Instances(string members) => Answered.Xml(
        $"""
        <?xml version="1.0" encoding="UTF-8"?>
        <DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
            <requestId>req-1</requestId>
            <reservationSet><item><reservationId>r-1</reservationId><instancesSet><item>{members}</item></instancesSet></item></reservationSet>
        </DescribeInstancesResponse>
        """,
        DescribeInstancesResponse.ReadXml);
}
