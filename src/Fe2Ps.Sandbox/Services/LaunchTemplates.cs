using System.Globalization;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>Create-, Delete- and DescribeLaunchTemplates, DescribeLaunchTemplateVersions, and launches from a template.</summary>
internal static class LaunchTemplates
{
    private static readonly Filters<LaunchTemplate> s_filters = new Filters<LaunchTemplate>()
        .One("launch-template-name", item => item.Name)
        .One("create-time", item => item.CreatedAt);

    private static readonly Filters<LaunchTemplate> s_versions = new Filters<LaunchTemplate>(_ => new Dictionary<string, string>())
        .One("create-time", item => item.CreatedAt)
        .One("is-default-version", _ => true)
        .One("ebs-optimized", item => item.Data.Bool("EbsOptimized"))
        .One("image-id", item => item.Data.Text("ImageId"))
        .One("instance-type", item => item.Data.Text("InstanceType"))
        .One("kernel-id", item => item.Data.Text("KernelId"))
        .One("ram-disk-id", item => item.Data.Text("RamDiskId"));

    public static void Register(OperationTable table)
    {
        table.Add("CreateLaunchTemplate", Create);
        table.Add("DeleteLaunchTemplate", Delete);
        table.Add("DescribeLaunchTemplates", Describe);
        table.Add("DescribeLaunchTemplateVersions", Versions);
    }

    /// <summary>The template that a LaunchTemplateSpecification names, in a version that there is.</summary>
    public static LaunchTemplate Of(Call call, Fields specification)
    {
        var template = Find(call, specification.Text("LaunchTemplateId"), specification.Text("LaunchTemplateName"));
        CheckVersion(template, specification.Text("Version") ?? "$Default");
        return template;
    }

    /// <summary>The launch that a RunInstances request asks for, with what its template says where the request is silent.</summary>
    public static LaunchPlan Plan(Call call)
    {
        if (call.Input.Struct("LaunchTemplate") is not { } specification)
            return LaunchPlan.Read(call, call.Input);
        var template = Of(call, specification);
        var plan = LaunchPlan.Read(call, Filled(call.Input, template));

        // EC2 marks what a template launched (EC2 user guide, "Launch instances from a launch template").
        plan.InstanceTags["aws:ec2launchtemplate:id"] = template.Id;
        plan.InstanceTags["aws:ec2launchtemplate:version"] = "1";
        return plan;
    }

    /// <summary>A request filled in by a template. Lists of the request count whole, but for tags and block devices, which are added to the template's.</summary>
    public static Fields Filled(Fields request, LaunchTemplate template, params string[] except)
    {
        var data = new Fields();
        foreach (var (name, value) in template.Data)
        {
            // A request that places its network interfaces itself, or its groups, replaces the template's.
            if (!except.Contains(name) && !(name == "SecurityGroups" && request.Has("SecurityGroupIds")) && !(name == "SecurityGroupIds" && request.Has("SecurityGroups")))
                data[name] = value;
        }

        var filled = new Fields();
        foreach (var (name, value) in request.FilledBy(data))
            filled[name] = name is "TagSpecifications" or "BlockDeviceMappings" ? data.List(name).Concat(request.List(name)).ToList() : value;
        return filled;
    }

    private static Fields Create(Call call)
    {
        var input = call.Input;
        if (call.Replay(input.Text("ClientToken")) is [var known, ..] && call.Region.LaunchTemplates.TryGetValue(known, out var existing))
            return new Fields { ["LaunchTemplate"] = One(existing) };
        var name = input.Text("LaunchTemplateName")!;
        if (name.Length is < 3 or > 128 || name.Any(character => !char.IsAsciiLetterOrDigit(character) && !"().-/_".Contains(character)))
        {
            throw new ApiException(
                "InvalidLaunchTemplateName.MalformedException",
                "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the following characters: - ( ) . / _");
        }

        if (call.Region.LaunchTemplates.Values.Any(template => template.Name == name))
            throw new ApiException("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.");
        var made = new LaunchTemplate
        {
            Id = Ids.New("lt"),
            Name = name,
            VersionDescription = input.Text("VersionDescription"),
            CreatedBy = $"arn:aws:iam::{call.AccountId}:root",
            Data = input.Struct("LaunchTemplateData")!,
            CreatedAt = call.Now,
            Tags = TagRules.For(input, "launch-template"),
        };
        call.Region.LaunchTemplates[made.Id] = made;
        call.Remember(input.Text("ClientToken"), [made.Id]);
        return new Fields { ["LaunchTemplate"] = One(made) };
    }

    private static Fields Delete(Call call)
    {
        var template = Find(call, call.Input.Text("LaunchTemplateId"), call.Input.Text("LaunchTemplateName"));
        call.Region.LaunchTemplates.Remove(template.Id);
        return new Fields { ["LaunchTemplate"] = One(template) };
    }

    private static Fields Describe(Call call)
    {
        var (ids, names) = (call.Input.Strings("LaunchTemplateIds"), call.Input.Strings("LaunchTemplateNames"));
        var templates = ids.Count + names.Count == 0
            ? call.Region.LaunchTemplates.Values
            : ids.Select(id => Find(call, id, null)).Concat(names.Select(name => Find(call, null, name))).Distinct();
        var page = Pages.Cut(s_filters.Apply(templates, call.Input), call, template => template.Id, least: 1, most: 200, usual: 200);
        return new Fields { ["LaunchTemplates"] = page.Items.Select(One), ["NextToken"] = page.NextToken };
    }

    private static Fields Versions(Call call)
    {
        var (id, name, versions) = (call.Input.Text("LaunchTemplateId"), call.Input.Text("LaunchTemplateName"), call.Input.Strings("Versions"));
        IEnumerable<LaunchTemplate> templates;
        if (id is not null || name is not null)
        {
            var template = Find(call, id, name);
            foreach (var version in versions)
                CheckVersion(template, version);
            templates = InRange(call.Input) ? [template] : [];
        }
        else
        {
            // Without a template the latest or the default versions of all are described.
            if (versions.Count == 0 || versions.Any(version => version is not ("$Latest" or "$Default")))
                throw ApiException.Missing("LaunchTemplateId");
            templates = call.Region.LaunchTemplates.Values;
        }

        var page = Pages.Cut(s_versions.Apply(templates, call.Input), call, template => template.Id, least: 1, most: 200, usual: 200);
        return new Fields
        {
            ["LaunchTemplateVersions"] = page.Items.Select(template => new Fields
            {
                ["LaunchTemplateId"] = template.Id,
                ["LaunchTemplateName"] = template.Name,
                ["VersionNumber"] = 1,
                ["VersionDescription"] = template.VersionDescription,
                ["CreateTime"] = template.CreatedAt,
                ["CreatedBy"] = template.CreatedBy,
                ["DefaultVersion"] = true,
                ["LaunchTemplateData"] = template.Data,
            }),
            ["NextToken"] = page.NextToken,
        };
    }

    private static bool InRange(Fields input)
        => Number(input.Text("MinVersion"), 1) <= 1 && Number(input.Text("MaxVersion"), int.MaxValue) >= 1;

    private static int Number(string? text, int otherwise)
        => text is null ? otherwise : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number : throw ApiException.BadValue(text, "version", "Expecting a number.");

    private static void CheckVersion(LaunchTemplate template, string version)
    {
        if (version is not ("$Latest" or "$Default" or "1"))
        {
            throw new ApiException(
                "InvalidLaunchTemplateId.VersionNotFound", $"Could not find the specified version {version} for the launch template with ID {template.Id}.");
        }
    }

    private static LaunchTemplate Find(Call call, string? id, string? name)
    {
        if (id is null && name is null)
            throw new ApiException("MissingParameter", "Either a launch template ID or a launch template name must be specified in the request.");
        if (id is not null && name is not null)
            throw new ApiException("InvalidParameterCombination", "Either a launch template ID or a launch template name may be specified, not both.");
        if (id is not null && !Ids.IsForm(id, "lt"))
            throw new ApiException("InvalidLaunchTemplateId.Malformed", $"The launch template ID '{id}' is malformed.");
        return call.Region.LaunchTemplates.Values.FirstOrDefault(template => template.Id == id || template.Name == name)
            ?? throw (id is not null
                ? new ApiException("InvalidLaunchTemplateId.NotFound", $"The specified launch template, with template ID {id}, does not exist.")
                : new ApiException("InvalidLaunchTemplateName.NotFoundException", $"The specified launch template, with template name {name}, does not exist."));
    }

    private static Fields One(LaunchTemplate template) => new()
    {
        ["LaunchTemplateId"] = template.Id,
        ["LaunchTemplateName"] = template.Name,
        ["CreateTime"] = template.CreatedAt,
        ["CreatedBy"] = template.CreatedBy,
        ["DefaultVersionNumber"] = 1,
        ["LatestVersionNumber"] = 1,
        ["Tags"] = TagRules.List(template),
    };
}
