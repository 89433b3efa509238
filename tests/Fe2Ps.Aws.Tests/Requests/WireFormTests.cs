using System.Text.Json.Nodes;
using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using Fe2Ps.Aws.Wire;

namespace Fe2Ps.Aws.Tests.Requests;

/// <summary>What goes over the wire is what botocore sends for the same input.</summary>
public sealed class WireFormTests
{
    private static readonly DateTime s_noon = new(2026, 11, 22, 12, 0, 0, DateTimeKind.Utc);

    [BotocoreFact]
    public void Every_member_of_every_operation_has_botocores_wire_form()
    {
        var cases = ModelFile.All
            .SelectMany(model => model.Operations, (model, operation) =>
            {
                var (request, input) = new RequestFill(model).Fill(operation);
                return (model, operation, request, input);
            })
            .ToList();
        Assert.True(cases.Count > 50);

        var expected = Botocore.Serialize(cases.Select(c => (c.model, c.operation, c.input)));

        for (var i = 0; i < cases.Count; i++) Same(expected[i], cases[i].model, cases[i].operation, cases[i].request);

        // The biggest request says that the sweep goes deep, not only wide.
        Assert.True(expected[cases.FindIndex(c => c.operation == "RunInstances")]["fields"]!.AsObject().Count > 150);
    }

    [BotocoreFact]
    public void Requests_as_people_write_them_have_botocores_wire_form()
    {
        var ec2 = ModelFile.All[0];
        (AmazonWebServiceRequest Request, string Operation, string Input)[] cases =
        [
            (new DescribeInstancesRequest
            {
                Filters = [new Filter("tag:Name", ["job-*", "it's \"한글\" & more"]), new Filter { Name = "instance-state-name", Values = ["running"] }],
                MaxResults = 1000,
            },
            "DescribeInstances",
            """{"Filters":[{"Name":"tag:Name","Values":["job-*","it's \"한글\" & more"]},{"Name":"instance-state-name","Values":["running"]}],"MaxResults":1000}"""),
            (new DescribeInstancesRequest(), "DescribeInstances", "{}"),
            (new RunInstancesRequest
            {
                ImageId = "ami-1",
                InstanceType = InstanceType.T3Micro,
                MinCount = 1,
                MaxCount = 20,
                ClientToken = "launch-1",
                UserData = "IyEvYmluL3NoCg==",
                Monitoring = true,
                InstanceInitiatedShutdownBehavior = ShutdownBehavior.Terminate,
                MetadataOptions = new InstanceMetadataOptionsRequest { HttpTokens = HttpTokensState.Required },
                InstanceMarketOptions = new InstanceMarketOptionsRequest
                {
                    MarketType = MarketType.Spot,
                    SpotOptions = new SpotMarketOptions { MaxPrice = "0.05", ValidUntil = s_noon },
                },
                BlockDeviceMappings =
                [
                    new BlockDeviceMapping { DeviceName = "/dev/sda1", Ebs = new EbsBlockDevice { VolumeSize = 20, VolumeType = VolumeType.Gp3, Encrypted = true } },
                ],
                TagSpecifications = [new TagSpecification { ResourceType = ResourceType.Instance, Tags = [new Tag("Name", "od1"), new Tag("empty", "")] }],
                SecurityGroupIds = ["sg-1", "sg-2"],
            },
            "RunInstances",
            """
            {"ImageId":"ami-1","InstanceType":"t3.micro","MinCount":1,"MaxCount":20,"ClientToken":"launch-1","UserData":"IyEvYmluL3NoCg==",
             "Monitoring":{"Enabled":true},"InstanceInitiatedShutdownBehavior":"terminate","MetadataOptions":{"HttpTokens":"required"},
             "InstanceMarketOptions":{"MarketType":"spot","SpotOptions":{"MaxPrice":"0.05","ValidUntil":"2026-11-22T12:00:00Z"}},
             "BlockDeviceMappings":[{"DeviceName":"/dev/sda1","Ebs":{"VolumeSize":20,"VolumeType":"gp3","Encrypted":true}}],
             "TagSpecifications":[{"ResourceType":"instance","Tags":[{"Key":"Name","Value":"od1"},{"Key":"empty","Value":""}]}],
             "SecurityGroupIds":["sg-1","sg-2"]}
            """),
            (new ModifyInstanceAttributeRequest { InstanceId = "i-1", InstanceType = "m5.large" },
            "ModifyInstanceAttribute", """{"InstanceId":"i-1","InstanceType":{"Value":"m5.large"}}"""),
            (new ModifyInstanceAttributeRequest { InstanceId = "i-1", DisableApiTermination = false },
            "ModifyInstanceAttribute", """{"InstanceId":"i-1","DisableApiTermination":{"Value":false}}"""),
            (new AuthorizeSecurityGroupIngressRequest
            {
                GroupId = "sg-1",
                IpPermissions =
                [
                    new IpPermission
                    {
                        IpProtocol = "tcp",
                        FromPort = 22,
                        ToPort = 22,
                        Ipv4Ranges = [new IpRange { CidrIp = "203.0.113.9/32", Description = "me" }],
                        Ipv6Ranges = [new Ipv6Range { CidrIpv6 = "2001:db8::1/128" }],
                        UserIdGroupPairs = [new UserIdGroupPair { GroupId = "sg-1" }],
                    },
                ],
            },
            "AuthorizeSecurityGroupIngress",
            """
            {"GroupId":"sg-1","IpPermissions":[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"203.0.113.9/32","Description":"me"}],
             "Ipv6Ranges":[{"CidrIpv6":"2001:db8::1/128"}],"UserIdGroupPairs":[{"GroupId":"sg-1"}]}]}
            """),
            (new ImportKeyPairRequest { KeyName = "default", PublicKeyMaterial = "c3NoLWVkMjU1MTkgQUFBQQ==" },
            "ImportKeyPair", """{"KeyName":"default","PublicKeyMaterial":"c3NoLWVkMjU1MTkgQUFBQQ=="}"""),
            (new DescribeSpotPriceHistoryRequest { StartTime = s_noon, EndTime = s_noon.AddMilliseconds(250), InstanceTypes = ["t3.micro"] },
            "DescribeSpotPriceHistory", """{"StartTime":"2026-11-22T12:00:00Z","EndTime":"2026-11-22T12:00:00.250000Z","InstanceTypes":["t3.micro"]}"""),
        ];

        var expected = Botocore.Serialize(cases.Select(c => (ec2, c.Operation, JsonNode.Parse(c.Input)!.AsObject())));

        for (var i = 0; i < cases.Length; i++) Same(expected[i], ec2, cases[i].Operation, cases[i].Request);
    }

    [Fact]
    public void A_local_time_is_sent_as_utc()
    {
        var request = new DescribeSpotPriceHistoryRequest { StartTime = s_noon.ToLocalTime() };

        var fields = Fields("DescribeSpotPriceHistory", "2016-11-15", request);

        Assert.Equal("2026-11-22T12:00:00Z", fields["StartTime"]);
    }

    [Fact]
    public void An_idempotency_token_that_is_left_out_is_made_up_and_one_that_is_given_is_kept()
    {
        var made = Fields("RunInstances", "2016-11-15", new RunInstancesRequest());
        var kept = Fields("RunInstances", "2016-11-15", new RunInstancesRequest { ClientToken = "mine" });

        Assert.True(Guid.TryParse(made["ClientToken"], out _));
        Assert.Equal("mine", kept["ClientToken"]);
    }

    private static void SameRest(JsonObject expected, JsonObject facts, string operation, AmazonWebServiceRequest request)
    {
        var sent = new RestMarshaller("test", (string)facts["http"]!["method"]!, (string)facts["http"]!["requestUri"]!).Marshall(request);
        sent.Endpoint = new Uri("https://example.invalid");
        Assert.Equal((string)expected["method"]!, sent.HttpMethod);
        Assert.Equal((string)expected["path"]!, AmazonServiceClient.ComposeUrl(sent).AbsolutePath);
        var query = sent.ParameterCollection.GetSortedParametersList().Select(p => $"{p.Key}={p.Value}").Order(StringComparer.Ordinal);
        Assert.Equal(expected["query"]!.AsArray().Select(p => $"{p![0]}={p[1]}").Order(StringComparer.Ordinal), query);
        foreach (var (name, value) in expected["headers"]!.AsObject()) Assert.Equal((string)value!, sent.Headers[name]);
        var body = sent.Content is null ? null : JsonNode.Parse(sent.Content);
        Assert.True(JsonNode.DeepEquals(expected["json"], body), $"{operation}\nexpected {expected["json"]}\nsent {body}");
    }

    private static IDictionary<string, string> Fields(string operation, string version, AmazonWebServiceRequest request) =>
        new FormMarshaller("test", operation, version).Marshall(request).Parameters;

    private static void Same(JsonObject expected, ModelFile model, string operation, AmazonWebServiceRequest request)
    {
        if (model.Protocol == "json")
        {
            var target = (string)model.Root["metadata"]!["targetPrefix"]! + "." + operation;
            var sent = new JsonMarshaller("test", target, "1.1").Marshall(request);
            Assert.Equal((string)expected["target"]!, sent.Headers["X-Amz-Target"]);
            Assert.Equal((string)expected["contentType"]!, sent.Headers["Content-Type"]);
            var body = JsonNode.Parse(sent.Content)!;
            Assert.True(JsonNode.DeepEquals(expected["json"], body), $"{operation}\nexpected {expected["json"]}\nsent {body}");
            return;
        }

        if (model.Protocol == "rest-json")
        {
            SameRest(expected, model.Operation(operation), operation, request);
            return;
        }

        var wanted = expected["fields"]!.AsObject().Select(p => $"{p.Key}={p.Value}").Order(StringComparer.Ordinal);
        var fields = Fields(operation, model.Version, request).Select(p => $"{p.Key}={p.Value}").Order(StringComparer.Ordinal);
        Assert.Equal(string.Join('\n', wanted), string.Join('\n', fields));
    }
}
