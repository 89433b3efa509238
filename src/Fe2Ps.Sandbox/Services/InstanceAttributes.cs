using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>ModifyInstanceAttribute and DescribeInstanceAttribute.</summary>
internal static class InstanceAttributes
{
    public static void Register(OperationTable table)
    {
        table.Add("DescribeInstanceAttribute", Describe);
        table.Add("ModifyInstanceAttribute", call => Modify(call, table));
    }

    private static Fields Describe(Call call)
    {
        var instance = call.Instance(call.Input.Text("InstanceId")!);
        var name = call.Input.Text("Attribute")!;
        var fields = new Fields { ["InstanceId"] = instance.Id };
        switch (name)
        {
            case "instanceType":
                fields["InstanceType"] = Value(instance.Type);
                break;
            case "userData":
                fields["UserData"] = instance.UserData is null ? new Fields() : Value(instance.UserData);
                break;
            case "disableApiTermination":
                fields["DisableApiTermination"] = Value(instance.DisableApiTermination);
                break;
            case "disableApiStop":
                fields["DisableApiStop"] = Value(instance.DisableApiStop);
                break;
            case "instanceInitiatedShutdownBehavior":
                fields["InstanceInitiatedShutdownBehavior"] = Value(instance.ShutdownBehavior);
                break;
            case "rootDeviceName":
                fields["RootDeviceName"] = Value(instance.RootDevice);
                break;
            case "ebsOptimized":
                fields["EbsOptimized"] = Value(instance.EbsOptimized);
                break;
            case "enaSupport":
                fields["EnaSupport"] = Value(true);
                break;
            case "sourceDestCheck":
                fields["SourceDestCheck"] = Value(instance.SourceDestCheck);
                break;
            case "groupSet":
                fields["Groups"] = instance.GroupIds.Select(id => new Fields { ["GroupId"] = id, ["GroupName"] = call.Region.Groups.GetValueOrDefault(id)?.Name }).ToList();
                break;
            case "blockDeviceMapping":
                fields["BlockDeviceMappings"] = Devices(call, instance);
                break;
            case "kernel" or "ramdisk" or "productCodes" or "sriovNetSupport" or "enclaveOptions":
                break;
            default:
                throw ApiException.BadValue(name, "attribute");
        }

        return fields;
    }

    private static List<Fields> Devices(Call call, Instance instance)
        => [.. instance.VolumeIds.Select(id => call.Region.Volumes.GetValueOrDefault(id)).OfType<Volume>().Where(volume => volume.Attachment is not null).Select(volume => new Fields
        {
            ["DeviceName"] = volume.Attachment!.Device,
            ["Ebs"] = new Fields
            {
                ["AttachTime"] = volume.Attachment.Time,
                ["DeleteOnTermination"] = volume.Attachment.DeleteOnTermination,
                ["Status"] = volume.Attachment.State,
                ["VolumeId"] = volume.Id,
            },
        })];

    private static Fields Value(object value) => new() { ["Value"] = value };

    private static Fields? Modify(Call call, OperationTable table)
    {
        var input = call.Input;
        var instance = call.Instance(input.Text("InstanceId")!);
        if (!instance.IsAlive)
            throw new ApiException("IncorrectInstanceState", $"The instance '{instance.Id}' is not in a state in which its attributes can be changed.");
        if (input.Text("Attribute") is { } attribute)
            ByName(call, instance, attribute, input.Text("Value"));
        if (input.Struct("InstanceType")?.Text("Value") is { } type)
            SetType(call, instance, type);
        if (input.Struct("UserData") is { } userData)
        {
            NeedsStopped(instance, "userData");
            instance.UserData = userData.Blob("Value") is { Length: > 0 } data ? Convert.ToBase64String(data) : null;
        }

        if (input.Struct("InstanceInitiatedShutdownBehavior")?.Text("Value") is { } behavior)
            SetBehavior(instance, behavior);
        instance.DisableApiTermination = input.Struct("DisableApiTermination")?.Bool("Value") ?? instance.DisableApiTermination;
        instance.DisableApiStop = input.Struct("DisableApiStop")?.Bool("Value") ?? instance.DisableApiStop;
        instance.SourceDestCheck = input.Struct("SourceDestCheck")?.Bool("Value") ?? instance.SourceDestCheck;
        instance.EbsOptimized = input.Struct("EbsOptimized")?.Bool("Value") ?? instance.EbsOptimized;
        if (input.Strings("Groups") is { Count: > 0 } groups)
        {
            instance.GroupIds = [.. groups.Select(id => call.Group(id).Id).Distinct()];
            table.Hosts.RefreshIngress(call.Region);
        }

        foreach (var mapping in input.List("BlockDeviceMappings"))
        {
            var device = mapping.Text("DeviceName");
            var attachment = instance.VolumeIds.Select(id => call.Region.Volumes.GetValueOrDefault(id)?.Attachment).FirstOrDefault(item => item?.Device == device)
                ?? throw new ApiException("InvalidInstanceAttributeValue", $"No device is currently mapped at {device}");
            attachment.DeleteOnTermination = mapping.Struct("Ebs")?.Bool("DeleteOnTermination") ?? attachment.DeleteOnTermination;
        }

        return null;
    }

    private static void ByName(Call call, Instance instance, string attribute, string? value)
    {
        switch (attribute)
        {
            case "instanceType":
                SetType(call, instance, value ?? throw ApiException.Missing("Value"));
                break;
            case "instanceInitiatedShutdownBehavior":
                SetBehavior(instance, value ?? throw ApiException.Missing("Value"));
                break;
            case "disableApiTermination":
                instance.DisableApiTermination = Flag(value);
                break;
            case "disableApiStop":
                instance.DisableApiStop = Flag(value);
                break;
            case "sourceDestCheck":
                instance.SourceDestCheck = Flag(value);
                break;
            case "ebsOptimized":
                instance.EbsOptimized = Flag(value);
                break;
            case "userData":
                NeedsStopped(instance, "userData");
                instance.UserData = LaunchRules.UserData(value);
                break;
            default:
                throw new ApiException("InvalidParameterCombination", $"The attribute '{attribute}' cannot be changed by its name.");
        }
    }

    private static bool Flag(string? value) => value switch
    {
        "true" => true,
        "false" => false,
        _ => throw ApiException.BadValue(value ?? "", "value", "Parameter must be a boolean."),
    };

    private static void SetType(Call call, Instance instance, string name)
    {
        var type = Catalogue.InstanceTypes.Find(name)
            ?? throw new ApiException("InvalidInstanceAttributeValue", $"Invalid value '{name}' for InstanceType.");
        NeedsStopped(instance, "instanceType");
        LaunchRules.MatchArchitecture(type, call.Image(instance.ImageId));
        instance.Type = name;
    }

    private static void SetBehavior(Instance instance, string value)
        => instance.ShutdownBehavior = value is "stop" or "terminate"
            ? value : throw new ApiException("InvalidParameterValue", $"Value ({value}) for parameter instanceInitiatedShutdownBehavior is invalid. Expected: 'stop' or 'terminate'.");

    private static void NeedsStopped(Instance instance, string attribute)
    {
        if (instance.State != InstanceState.Stopped)
            throw new ApiException("IncorrectInstanceState", $"The instance '{instance.Id}' is not in the 'stopped' state, so its {attribute} cannot be changed.");
    }
}
