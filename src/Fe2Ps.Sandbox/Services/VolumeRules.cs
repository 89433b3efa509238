using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>The limits of EBS volume types (EBS user guide, "Amazon EBS volume types").</summary>
internal static class VolumeRules
{
    /// <summary>The IOPS and the throughput in MiB/s that a volume gets; null where its type has no such thing.</summary>
    public static (int? Iops, int? Throughput) Performance(string type, int size, int? iops, int? throughput)
    {
        var (least, most) = type switch
        {
            "io1" or "io2" => (4, 16384),
            "st1" or "sc1" => (125, 16384),
            "standard" => (1, 1024),
            "gp3" => (1, 65536),
            _ => (1, 16384),
        };
        if (size < least || size > most)
            throw new ApiException("InvalidParameterValue", $"Volume of {size}GiB is invalid for volume type {type}; size must be between {least} and {most} GiB.");
        if (throughput is not null && type != "gp3")
            throw new ApiException("InvalidParameterCombination", $"The parameter throughput is not supported for {type} volumes.");
        switch (type)
        {
            case "gp3":
                var chosen = iops ?? 3000;
                if (chosen is < 3000 or > 80000)
                    throw new ApiException("InvalidParameterValue", $"Volume iops of {chosen} is invalid for volume type gp3; must be between 3000 and 80000.");
                if (chosen > Math.Max(3000, size * 500))
                    throw new ApiException("InvalidParameterCombination", "The iops to volume size ratio of gp3 is at most 500:1.");
                var flow = throughput ?? 125;
                if (flow is < 125 or > 2000)
                    throw new ApiException("InvalidParameterValue", $"Throughput of {flow} is invalid for volume type gp3; must be between 125 and 2000 MiB/s.");
                if (flow > chosen / 4.0)
                    throw new ApiException("InvalidParameterCombination", "The throughput to iops ratio of gp3 is at most 0.25.");
                return (chosen, flow);
            case "io1" or "io2":
                var provisioned = iops ?? throw new ApiException("MissingParameter", $"The parameter iops must be specified for {type} volumes.");
                return provisioned is >= 100 and <= 256000
                    ? (provisioned, null)
                    : throw new ApiException("InvalidParameterValue", $"Volume iops of {provisioned} is invalid for volume type {type}.");
            default:
                if (iops is not null)
                    throw new ApiException("InvalidParameterCombination", $"The parameter iops is not supported for {type} volumes.");
                return (type == "gp2" ? Math.Clamp(size * 3, 100, 16000) : null, null);
        }
    }
}
