using System.Text.RegularExpressions;
using System.Xml.Linq;
using Fe2Ps.Views;

namespace Fe2Ps.Tests;

/// <summary>The module's face: manifest and views.</summary>
public sealed partial class FaceTests
{
    [Fact]
    public void The_manifest_exports_the_cmdlets_and_nothing_else()
    {
        string manifest = File.ReadAllText(Repository.PathOf("Fe2Ps.psd1"));
        string list = Exports().Match(manifest).Groups[1].Value;
        Assert.Equal(ConformanceTests.Commands.Select(c => c.Name), Quoted().Matches(list).Select(m => m.Groups[1].Value));
        Assert.Contains("AliasesToExport      = @('Connect-Fe2Instance', 'Detach-Fe2Volume', 'Save-Fe2Instance')", manifest, StringComparison.Ordinal);
    }

    [Fact]
    public void The_manifest_has_the_version_of_the_build()
    {
        string manifest = File.ReadAllText(Repository.PathOf("Fe2Ps.psd1"));
        string version = XDocument.Load(Repository.PathOf("Directory.Build.props")).Descendants("Version").Single().Value;
        Assert.Contains($"ModuleVersion        = '{version}'", manifest, StringComparison.Ordinal);
    }

    [Fact]
    public void Views_are_well_formed_and_call_code_that_exists()
    {
        XDocument document = XDocument.Load(Repository.PathOf("Fe2Ps.Format.ps1xml"));
        Assert.Equal("Configuration", document.Root!.Name.LocalName);
        Assert.NotEmpty(document.Root.Elements());
        (string Type, string Method)[] calls = [.. Calls().Matches(document.ToString()).Select(m => (m.Groups[1].Value, m.Groups[2].Value)).Distinct()];
        Assert.NotEmpty(calls);
        Assert.All(calls, call => Assert.NotEmpty(typeof(InstanceView).Assembly.GetType(call.Type)!.GetMember(call.Method)));
    }

    [Fact]
    public void The_default_view_has_the_columns_that_were_promised()
    {
        XElement table = XDocument.Load(Repository.PathOf("Fe2Ps.Format.ps1xml")).Descendants("View")
            .First(v => (string?)v.Element("ViewSelectedBy")?.Element("TypeName") == "Fe2Ps.Instance");
        Assert.Equal(["Name", "Id", "State", "Type", "Zone", "Ip", "Age", "Price"], table.Descendants("Label").Select(l => l.Value).Where(l => l != "Region"));
    }

    [GeneratedRegex(@"CmdletsToExport\s*=\s*@\(([^)]*)\)")]
    private static partial Regex Exports();

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\[(Fe2Ps\.Views\.\w+)\]::(\w+)\(")]
    private static partial Regex Calls();
}
