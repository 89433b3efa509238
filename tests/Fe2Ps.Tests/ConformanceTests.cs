using System.Reflection;
using Fe2Ps.Commands;
using Fe2Ps.Help;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Tests;

/// <summary>
/// What all cmdlets must be. Read from attribute data alone: the reference assembly that they are compiled against cannot
/// run them; that is what the Pester tests are for.
/// </summary>
public sealed class ConformanceTests
{
    private static readonly string[] ApprovedVerbs = ["Copy", "Dismount", "Enter", "Find", "Get", "Invoke", "Mount", "New", "Open", "Receive", "Register", "Remove", "Resize", "Restart", "Restore", "Send", "Set", "Show", "Start", "Stop", "Unregister", "Wait", "Watch"];
    private static readonly string[] ReadingVerbs = ["Enter", "Find", "Get", "Show", "Wait", "Watch"];

    internal static IReadOnlyList<CommandFacts> Commands { get; } = CommandFacts.Read(typeof(GetFe2InstanceCommand).Assembly);

    public static TheoryData<string> Names => [.. Commands.Select(c => c.Name)];

    private static CommandFacts Command(string name) => Commands.Single(c => c.Name == name);

    [Fact]
    public void There_are_the_cmdlets_that_were_promised() => Assert.Equal(
        [
            "Copy-Fe2Item",
            "Dismount-Fe2FileSystem",
            "Dismount-Fe2Volume",
            "Enter-Fe2Instance",
            "Find-Fe2InstanceType",
            "Get-Fe2Ami",
            "Get-Fe2Backup",
            "Get-Fe2Cost",
            "Get-Fe2Default",
            "Get-Fe2FileSystem",
            "Get-Fe2Group",
            "Get-Fe2Instance",
            "Get-Fe2Price",
            "Get-Fe2Region",
            "Get-Fe2Sandbox",
            "Get-Fe2Script",
            "Get-Fe2Snapshot",
            "Get-Fe2SpotPrice",
            "Get-Fe2SshConfig",
            "Get-Fe2Tunnel",
            "Get-Fe2Volume",
            "Invoke-Fe2Command",
            "Invoke-Fe2Script",
            "Mount-Fe2FileSystem",
            "Mount-Fe2Volume",
            "New-Fe2Ami",
            "New-Fe2Group",
            "New-Fe2Instance",
            "New-Fe2Snapshot",
            "New-Fe2Volume",
            "Open-Fe2Notebook",
            "Receive-Fe2Command",
            "Receive-Fe2Script",
            "Register-Fe2Backup",
            "Remove-Fe2Ami",
            "Remove-Fe2FileSystem",
            "Remove-Fe2Group",
            "Remove-Fe2Instance",
            "Remove-Fe2Snapshot",
            "Remove-Fe2Volume",
            "Resize-Fe2Volume",
            "Restart-Fe2Instance",
            "Restore-Fe2Volume",
            "Send-Fe2Command",
            "Set-Fe2Default",
            "Set-Fe2Group",
            "Set-Fe2InstanceType",
            "Show-Fe2SpotPrice",
            "Start-Fe2Instance",
            "Start-Fe2Sandbox",
            "Start-Fe2Tunnel",
            "Stop-Fe2Instance",
            "Stop-Fe2Sandbox",
            "Stop-Fe2Script",
            "Stop-Fe2Tunnel",
            "Unregister-Fe2Backup",
            "Wait-Fe2Ami",
            "Wait-Fe2Instance",
            "Wait-Fe2Script",
            "Wait-Fe2Snapshot",
            "Watch-Fe2Instance",
        ],
        Commands.Select(c => c.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void A_cmdlet_is_sealed_says_what_it_gives_and_is_named_as_its_class(string name)
    {
        CommandFacts command = Command(name);
        Assert.True(command.Type.IsSealed);
        Assert.NotEmpty(command.OutputTypes);
        Assert.Equal(name.Replace("-", "", StringComparison.Ordinal) + "Command", command.Type.Name);
        Assert.Contains(name.Split('-')[0], ApprovedVerbs);
        Assert.NotNull(command.Type.GetConstructor(Type.EmptyTypes));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_changes_something_can_be_asked_what_it_would_do(string name)
    {
        // -Install and -Uninstall change the user's own ssh_config; reading a screen is told to receive, and changes nothing.
        bool reads = (ReadingVerbs.Contains(name.Split('-')[0]) && name != "Get-Fe2SshConfig") || name == "Receive-Fe2Command";
        Assert.Equal(!reads, Command(name).ShouldProcess);
        Assert.Equal(name.StartsWith("Remove-", StringComparison.Ordinal) ? "High" : null, Command(name).ConfirmImpact);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_talks_to_AWS_takes_region_profile_and_endpoint_by_property_name(string name)
    {
        CommandFacts command = Command(name);
        if (!command.Type.IsSubclassOf(typeof(Fe2Cmdlet)))
        {
            Assert.True(name.EndsWith("Fe2Sandbox", StringComparison.Ordinal) || name is "Set-Fe2Default" or "Get-Fe2Tunnel" or "Stop-Fe2Tunnel", $"{name} does not derive from Fe2Cmdlet");
            return;
        }

        foreach (string parameter in new[] { "Region", "ProfileName", "EndpointUrl" })
            Assert.True(Assert.Single(command.Parameters, p => p.Name == parameter).Facts.Sets.Single().ByName);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Names_of_instances_come_first_and_are_completed(string name)
    {
        if (!name.EndsWith("-Fe2Instance", StringComparison.Ordinal) || name.StartsWith("New", StringComparison.Ordinal)) return;
        ParameterDeclaration parameter = Assert.Single(Command(name).Parameters, p => p.Name == "Name");
        Assert.All(parameter.Facts.Sets, s => Assert.Equal("0", s.Position));
        PropertyInfo property = Command(name).Type.GetProperty("Name")!;
        Assert.Contains(property.GetCustomAttributesData(), a => a.AttributeType.Name == "ArgumentCompleterAttribute");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Parameters_are_words_and_positions_have_no_gaps(string name)
    {
        CommandFacts command = Command(name);
        foreach (ParameterDeclaration parameter in command.Parameters) Assert.True(char.IsAsciiLetterUpper(parameter.Name[0]));
        foreach (string set in command.Sets)
        {
            int[] positions = [.. SyntaxLine.InOrder(command, set).Select(p => p.Facts.Position).Where(p => p != "Named").Select(p => int.Parse(p, System.Globalization.CultureInfo.InvariantCulture))];
            Assert.Equal(Enumerable.Range(0, positions.Length), positions);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_list_that_may_be_left_out_is_never_null_and_one_that_selects_is_never_empty(string name)
    {
        // An empty list of names must not mean all of them: Get-Fe2Instance $nothing | Remove-Fe2Instance.
        foreach (PropertyInfo property in Lists(name))
        {
            string[] attributes = AttributesOf(property);
            bool selects = name.StartsWith("Get-", StringComparison.Ordinal) || !Values.Contains(property.Name);
            Assert.True(
                attributes.Contains("ValidateNotNullOrEmptyAttribute") || (!selects && attributes.Contains("ValidateNotNullAttribute")),
                $"{name} -{property.Name} takes {(selects ? "an empty list" : "$null")}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Where_a_name_of_an_instance_is_asked_for_an_instance_can_stand(string name)
    {
        foreach (PropertyInfo property in Command(name).Type.GetProperties())
        {
            string[] attributes = AttributesOf(property);
            bool completed = property.GetCustomAttributesData().Any(a => a.ConstructorArguments is [{ Value: Type { Name: "InstanceNameCompleter" or "InstanceNameOrValueCompleter" or "TunnelNameCompleter" } }]);
            Assert.Equal(completed, attributes.Contains(nameof(InstanceNameAttribute)));
        }
    }

    /// <summary>Lists that are values to hand on, where an empty one is as good as none.</summary>
    private static readonly string[] Values = ["ArgumentList", "Fallback", "File", "Port", "SecurityGroupId"];

    private static IEnumerable<PropertyInfo> Lists(string name) =>
        Command(name).Type.GetProperties().Where(p => p.PropertyType.IsArray && AttributesOf(p).Contains("ParameterAttribute"));

    private static string[] AttributesOf(PropertyInfo property) => [.. property.GetCustomAttributesData().Select(a => a.AttributeType.Name)];
}
