using Amazon.EC2;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Groups;

/// <summary>The launch template of a group: the launch that a machine of its own would get, as a template.</summary>
internal sealed class GroupTemplate(Fe2Session session)
{
    /// <summary>Makes the template. It carries the group's name as a tag, so that it is found even where the group was never made.</summary>
    /// <param name="plan">The launch.</param>
    /// <param name="userData">User data in base64 in place of the plan's, or null.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<Amazon.AutoScaling.Model.LaunchTemplateSpecification> MakeAsync(LaunchPlan plan, string? userData, CancellationToken cancellationToken)
    {
        RunInstancesRequest call = plan.CallFor(plan.Subnets[0], 0, session.Environment);
        call.UserData = userData ?? call.UserData;
        CreateLaunchTemplateResponse made = await session.Ec2.CreateLaunchTemplateAsync(
            new CreateLaunchTemplateRequest
            {
                ClientToken = plan.Id,
                LaunchTemplateName = $"fe2-{plan.Id}",
                VersionDescription = "made by Fe2Ps for a group",
                LaunchTemplateData = Of(call),
                TagSpecifications =
                [
                    new TagSpecification
                    {
                        ResourceType = ResourceType.LaunchTemplate,
                        Tags =
                        [
                            new Tag(TagNames.Name, plan.Request.Name),
                            new Tag(TagNames.Owner, Owner.Of(session.Environment)),
                            new Tag(TagNames.Launch, plan.Id),
                            new Tag(GroupFacts.GroupTag, plan.Request.Name),
                        ],
                    },
                ],
            },
            cancellationToken).ConfigureAwait(false);
        return new() { LaunchTemplateId = made.LaunchTemplate.LaunchTemplateId, Version = "$Latest" };
    }

    /// <summary>The templates that were made for a group of this name. Raw errors.</summary>
    public async Task<IReadOnlyList<string>> OfAsync(string group, CancellationToken cancellationToken)
    {
        DescribeLaunchTemplatesResponse answer = await session.Ec2.DescribeLaunchTemplatesAsync(
            new DescribeLaunchTemplatesRequest { Filters = [InstanceQuery.Filter($"tag:{GroupFacts.GroupTag}", [InstanceQuery.ServerPattern(group)])] },
            cancellationToken).ConfigureAwait(false);
        return [.. answer.LaunchTemplates.Where(t => t.Tags.Any(tag => tag.Key == GroupFacts.GroupTag && tag.Value == group)).Select(t => t.LaunchTemplateId)];
    }

    /// <summary>Deletes a template; one that is gone already is none to worry about. Raw errors.</summary>
    public async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await session.Ec2.DeleteLaunchTemplateAsync(new DeleteLaunchTemplateRequest { LaunchTemplateId = id }, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonEC2Exception e) when (e.ErrorCode == "InvalidLaunchTemplateId.NotFound")
        {
            // Somebody was faster.
        }
    }

    /// <summary>
    /// A launch as a template. The group says where: no subnet is named. Source: "Create a launch template for an Auto Scaling group" in the
    /// EC2 Auto Scaling user guide.
    /// </summary>
    private static RequestLaunchTemplateData Of(RunInstancesRequest call) => new()
    {
        ImageId = call.ImageId,
        InstanceType = call.InstanceType,
        KeyName = call.KeyName,
        UserData = call.UserData,
        InstanceInitiatedShutdownBehavior = call.InstanceInitiatedShutdownBehavior,
        IamInstanceProfile = call.IamInstanceProfile is { } profile
            ? new LaunchTemplateIamInstanceProfileSpecificationRequest { Arn = profile.Arn, Name = profile.Name } : null,
        MetadataOptions = new LaunchTemplateInstanceMetadataOptionsRequest
        {
            HttpTokens = call.MetadataOptions.HttpTokens.Value,
            HttpEndpoint = call.MetadataOptions.HttpEndpoint.Value,
        },
        NetworkInterfaces =
        [
            .. call.NetworkInterfaces.Select(i => new LaunchTemplateInstanceNetworkInterfaceSpecificationRequest
            {
                DeviceIndex = i.DeviceIndex,
                AssociatePublicIpAddress = i.AssociatePublicIpAddress,
                DeleteOnTermination = i.DeleteOnTermination,
                Groups = i.Groups,
            }),
        ],
        BlockDeviceMappings =
        [
            .. call.BlockDeviceMappings.Select(d => new LaunchTemplateBlockDeviceMappingRequest
            {
                DeviceName = d.DeviceName,
                Ebs = new LaunchTemplateEbsBlockDeviceRequest
                {
                    VolumeType = d.Ebs.VolumeType,
                    VolumeSize = d.Ebs.VolumeSize,
                    Encrypted = d.Ebs.Encrypted,
                    DeleteOnTermination = d.Ebs.DeleteOnTermination,
                    Iops = d.Ebs.Iops,
                    Throughput = d.Ebs.Throughput,
                },
            }),
        ],
        TagSpecifications = [.. call.TagSpecifications.Select(t => new LaunchTemplateTagSpecificationRequest { ResourceType = t.ResourceType, Tags = t.Tags })],
    };
}
