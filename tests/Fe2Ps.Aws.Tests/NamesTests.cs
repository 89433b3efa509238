using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;

namespace Fe2Ps.Aws.Tests;

/// <summary>
/// Names and types of the AWS SDK for .NET, version 4, as its own source shows them (aws/aws-sdk-net,
/// sdk/src/Services/EC2/Generated). Members that the SDK has gained later are not listed.
/// </summary>
public sealed class NamesTests
{
    [Theory]
    [InlineData(typeof(RunInstancesRequest),
        "AdditionalInfo:String BlockDeviceMappings:List<BlockDeviceMapping> CapacityReservationSpecification:CapacityReservationSpecification ClientToken:String "
        + "CpuOptions:CpuOptionsRequest CreditSpecification:CreditSpecificationRequest DisableApiStop:Boolean? DisableApiTermination:Boolean? DryRun:Boolean? EbsOptimized:Boolean? "
        + "ElasticGpuSpecification:List<ElasticGpuSpecification> ElasticInferenceAccelerators:List<ElasticInferenceAccelerator> EnablePrimaryIpv6:Boolean? EnclaveOptions:EnclaveOptionsRequest "
        + "HibernationOptions:HibernationOptionsRequest IamInstanceProfile:IamInstanceProfileSpecification ImageId:String InstanceInitiatedShutdownBehavior:ShutdownBehavior "
        + "InstanceMarketOptions:InstanceMarketOptionsRequest InstanceType:InstanceType Ipv6AddressCount:Int32? Ipv6Addresses:List<InstanceIpv6Address> KernelId:String KeyName:String "
        + "LaunchTemplate:LaunchTemplateSpecification LicenseSpecifications:List<LicenseConfigurationRequest> MaintenanceOptions:InstanceMaintenanceOptionsRequest MaxCount:Int32? "
        + "MetadataOptions:InstanceMetadataOptionsRequest MinCount:Int32? Monitoring:Boolean? NetworkInterfaces:List<InstanceNetworkInterfaceSpecification> "
        + "NetworkPerformanceOptions:InstanceNetworkPerformanceOptionsRequest Operator:OperatorRequest Placement:Placement PrivateDnsNameOptions:PrivateDnsNameOptionsRequest PrivateIpAddress:String "
        + "RamdiskId:String SecurityGroupIds:List<String> SecurityGroups:List<String> SubnetId:String TagSpecifications:List<TagSpecification> UserData:String")]
    [InlineData(typeof(Instance),
        "AmiLaunchIndex:Int32? Architecture:ArchitectureValues BlockDeviceMappings:List<InstanceBlockDeviceMapping> BootMode:BootModeValues CapacityReservationId:String ClientToken:String "
        + "CpuOptions:CpuOptions CurrentInstanceBootMode:InstanceBootModeValues EbsOptimized:Boolean? EnaSupport:Boolean? EnclaveOptions:EnclaveOptions HibernationOptions:HibernationOptions "
        + "Hypervisor:HypervisorType IamInstanceProfile:IamInstanceProfile ImageId:String InstanceId:String InstanceLifecycle:InstanceLifecycleType InstanceType:InstanceType Ipv6Address:String "
        + "KeyName:String LaunchTime:DateTime? Licenses:List<LicenseConfiguration> MaintenanceOptions:InstanceMaintenanceOptions MetadataOptions:InstanceMetadataOptionsResponse Monitoring:Monitoring "
        + "NetworkInterfaces:List<InstanceNetworkInterface> Placement:Placement Platform:PlatformValues PlatformDetails:String PrivateDnsName:String PrivateIpAddress:String ProductCodes:List<ProductCode> "
        + "PublicDnsName:String PublicIpAddress:String RootDeviceName:String RootDeviceType:DeviceType SecurityGroups:List<GroupIdentifier> SourceDestCheck:Boolean? SpotInstanceRequestId:String "
        + "State:InstanceState StateReason:StateReason StateTransitionReason:String SubnetId:String Tags:List<Tag> UsageOperationUpdateTime:DateTime? VirtualizationType:VirtualizationType VpcId:String")]
    [InlineData(typeof(ModifyInstanceAttributeRequest),
        "Attribute:InstanceAttributeName BlockDeviceMappings:List<InstanceBlockDeviceMappingSpecification> DisableApiTermination:Boolean? EbsOptimized:Boolean? EnaSupport:Boolean? Groups:List<String> "
        + "InstanceId:String InstanceInitiatedShutdownBehavior:String InstanceType:String Kernel:String Ramdisk:String SourceDestCheck:Boolean? SriovNetSupport:String UserData:String Value:String")]
    [InlineData(typeof(InstanceAttribute),
        "BlockDeviceMappings:List<InstanceBlockDeviceMapping> DisableApiTermination:Boolean? EbsOptimized:Boolean? EnaSupport:Boolean? Groups:List<GroupIdentifier> InstanceId:String "
        + "InstanceInitiatedShutdownBehavior:String InstanceType:String KernelId:String ProductCodes:List<ProductCode> RamdiskId:String RootDeviceName:String SourceDestCheck:Boolean? "
        + "SriovNetSupport:String UserData:String")]
    [InlineData(typeof(LaunchSpecification),
        "AddressingType:String AllSecurityGroups:List<GroupIdentifier> BlockDeviceMappings:List<BlockDeviceMapping> EbsOptimized:Boolean? IamInstanceProfile:IamInstanceProfileSpecification "
        + "ImageId:String InstanceType:InstanceType KernelId:String KeyName:String MonitoringEnabled:Boolean? NetworkInterfaces:List<InstanceNetworkInterfaceSpecification> Placement:SpotPlacement "
        + "RamdiskId:String SubnetId:String UserData:String")]
    [InlineData(typeof(CreateFleetRequest),
        "ClientToken:String ExcessCapacityTerminationPolicy:FleetExcessCapacityTerminationPolicy LaunchTemplateConfigs:List<FleetLaunchTemplateConfigRequest> OnDemandOptions:OnDemandOptionsRequest "
        + "ReplaceUnhealthyInstances:Boolean? SpotOptions:SpotOptionsRequest TagSpecifications:List<TagSpecification> TargetCapacitySpecification:TargetCapacitySpecificationRequest "
        + "TerminateInstancesWithExpiration:Boolean? Type:FleetType ValidFrom:DateTime? ValidUntil:DateTime?")]
    [InlineData(typeof(DescribeSpotPriceHistoryRequest),
        "AvailabilityZone:String EndTime:DateTime? Filters:List<Filter> InstanceTypes:List<String> MaxResults:Int32? NextToken:String ProductDescriptions:List<String> StartTime:DateTime?")]
    [InlineData(typeof(SpotMarketOptions),
        "BlockDurationMinutes:Int32? InstanceInterruptionBehavior:InstanceInterruptionBehavior MaxPrice:String SpotInstanceType:SpotInstanceType ValidUntil:DateTime?")]
    [InlineData(typeof(IpPermission), "FromPort:Int32? IpProtocol:String Ipv4Ranges:List<IpRange> Ipv6Ranges:List<Ipv6Range> PrefixListIds:List<PrefixListId> ToPort:Int32? UserIdGroupPairs:List<UserIdGroupPair>")]
    [InlineData(typeof(Image),
        "Architecture:ArchitectureValues BlockDeviceMappings:List<BlockDeviceMapping> BootMode:BootModeValues CreationDate:String DeprecationTime:String Description:String EnaSupport:Boolean? "
        + "Hypervisor:HypervisorType ImageId:String ImageLocation:String ImageOwnerAlias:String ImageType:ImageTypeValues KernelId:String Name:String OwnerId:String Platform:PlatformValues "
        + "PlatformDetails:String ProductCodes:List<ProductCode> Public:Boolean? RamdiskId:String RootDeviceName:String RootDeviceType:DeviceType SriovNetSupport:String State:ImageState "
        + "StateReason:StateReason Tags:List<Tag> UsageOperation:String VirtualizationType:VirtualizationType")]
    [InlineData(typeof(SpotInstanceRequest),
        "ActualBlockHourlyPrice:String AvailabilityZoneGroup:String CreateTime:DateTime? Fault:SpotInstanceStateFault InstanceId:String InstanceInterruptionBehavior:InstanceInterruptionBehavior "
        + "LaunchedAvailabilityZone:String LaunchGroup:String LaunchSpecification:LaunchSpecification ProductDescription:RIProductDescription SpotInstanceRequestId:String SpotPrice:String "
        + "State:SpotInstanceState Status:SpotInstanceStatus Tags:List<Tag> Type:SpotInstanceType ValidFrom:DateTime? ValidUntil:DateTime?")]
    [InlineData(typeof(InstanceNetworkInterfaceSpecification),
        "AssociatePublicIpAddress:Boolean? DeleteOnTermination:Boolean? Description:String DeviceIndex:Int32? Groups:List<String> InterfaceType:String Ipv6AddressCount:Int32? "
        + "Ipv6Addresses:List<InstanceIpv6Address> NetworkCardIndex:Int32? NetworkInterfaceId:String PrivateIpAddress:String PrivateIpAddresses:List<PrivateIpAddressSpecification> SubnetId:String")]
    [InlineData(typeof(Reservation), "Groups:List<GroupIdentifier> Instances:List<Instance> OwnerId:String RequesterId:String ReservationId:String")]
    [InlineData(typeof(ProcessorInfo), "SupportedArchitectures:List<String> SustainedClockSpeedInGhz:Double?")]
    [InlineData(typeof(VCpuInfo), "DefaultCores:Int32? DefaultVCpus:Int32? ValidCores:List<Int32> ValidThreadsPerCore:List<Int32>")]
    [InlineData(typeof(ImportKeyPairRequest), "KeyName:String PublicKeyMaterial:String")]
    [InlineData(typeof(PrefixListId), "Description:String Id:String")]
    [InlineData(typeof(SpotPrice), "AvailabilityZone:String InstanceType:InstanceType Price:String ProductDescription:RIProductDescription Timestamp:DateTime?")]
    [InlineData(typeof(InstanceStatus), "AvailabilityZone:String Events:List<InstanceStatusEvent> InstanceId:String InstanceState:InstanceState Status:InstanceStatusSummary SystemStatus:InstanceStatusSummary")]
    [InlineData(typeof(RunInstancesResponse), "Reservation:Reservation")]
    [InlineData(typeof(CreateVolumeResponse), "Volume:Volume")]
    [InlineData(typeof(CreateSnapshotResponse), "Snapshot:Snapshot")]
    [InlineData(typeof(CreateKeyPairResponse), "KeyPair:KeyPair")]
    [InlineData(typeof(AttachVolumeResponse), "Attachment:VolumeAttachment")]
    [InlineData(typeof(DetachVolumeResponse), "Attachment:VolumeAttachment")]
    [InlineData(typeof(DescribeInstanceAttributeResponse), "InstanceAttribute:InstanceAttribute")]
    [InlineData(typeof(DescribeSpotPriceHistoryResponse), "NextToken:String SpotPriceHistory:List<SpotPrice>")]
    public void A_class_has_the_SDKs_members(Type type, string members)
    {
        foreach (var member in members.Split(' '))
        {
            var (name, kind) = (member.Split(':')[0], member.Split(':')[1]);
            var property = type.GetProperty(name);
            Assert.True(property is not null, $"{type.Name} has no {name}");
            Assert.Equal(kind, Told(property.PropertyType));
        }
    }

    [Fact]
    public void The_SDK_leaves_out_what_ip_permissions_replaced()
    {
        Assert.Null(typeof(AuthorizeSecurityGroupIngressRequest).GetProperty("CidrIp"));
        Assert.Null(typeof(RevokeSecurityGroupIngressRequest).GetProperty("FromPort"));
    }

    [Fact]
    public void The_client_can_be_made_in_each_of_the_SDKs_ways()
    {
        var made = typeof(AmazonEC2Client).GetConstructors().Select(c => string.Join(',', c.GetParameters().Select(p => Told(p.ParameterType)))).Order(StringComparer.Ordinal);
        var sdk = typeof(Amazon.SecurityToken.AmazonSecurityTokenServiceClient).GetConstructors()
            .Select(c => string.Join(',', c.GetParameters().Select(p => Told(p.ParameterType).Replace("SecurityTokenService", "EC2")))).Order(StringComparer.Ordinal);

        Assert.Equal(sdk, made);
    }

    [Fact]
    public void A_generated_sts_looks_like_AWSs_own_sts()
    {
        var sdk = typeof(Amazon.SecurityToken.AmazonSecurityTokenServiceClient).Assembly;
        foreach (var name in new[] { "GetCallerIdentityRequest", "GetCallerIdentityResponse", "DecodeAuthorizationMessageRequest", "DecodeAuthorizationMessageResponse", "InvalidAuthorizationMessageException" })
        {
            var theirs = sdk.GetType("Amazon.SecurityToken.Model." + name, throwOnError: true)!;
            var ours = typeof(NamesTests).Assembly.GetType("Fe2Ps.Aws.Tests.Sts.Model." + name, throwOnError: true)!;
            Assert.Equal(Told(theirs.BaseType!), Told(ours.BaseType!));
            Assert.Equal(Members(theirs), Members(ours));
        }
    }

    [Fact]
    public void The_clients_are_AWS_services_to_the_rest_of_the_SDK()
    {
        Assert.IsAssignableFrom<ClientConfig>(Made<IAmazonEC2>());
        Assert.Equal("EC2", AmazonEC2Config.ServiceId);
    }

    private static ClientConfig Made<T>()
        where T : IAmazonService => T.CreateDefaultClientConfig();

    private static IEnumerable<string> Members(Type type) => type.GetProperties().Where(p => p.DeclaringType == type && p.Name != "Retryable").Select(p => p.Name + ":" + Told(p.PropertyType)).Order(StringComparer.Ordinal);

    private static string Told(Type type) =>
        Nullable.GetUnderlyingType(type) is { } value ? value.Name + "?"
        : type.IsGenericType ? type.Name.Split('`')[0] + "<" + string.Join(',', type.GetGenericArguments().Select(Told)) + ">"
        : type.Name;
}
