using System.Text.Json;
using System.Xml.Linq;
using Fe2Ps.Help;

namespace Fe2Ps.Tests;

/// <summary>The pages under docs/ and the code say the same.</summary>
public sealed class DocsTests
{
    private static string Docs => Repository.PathOf("docs");

    [Fact]
    public void Each_cmdlet_has_a_page_and_each_page_a_cmdlet() => Assert.Equal(
        ConformanceTests.Commands.Select(c => c.Name),
        Directory.GetFiles(Docs, "*-*.md").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(ConformanceTests.Names), MemberType = typeof(ConformanceTests))]
    public void A_page_is_up_to_date_with_its_cmdlet(string name)
    {
        string text = File.ReadAllText(Path.Combine(Docs, name + ".md"));
        string updated = PageUpdate.Page(text, ConformanceTests.Commands.Single(c => c.Name == name));
        Assert.True(text == updated, $"docs/{name}.md differs from the code; 'dotnet run --project src/Fe2Ps.Help -- update docs DLL' writes it anew");
    }

    [Theory]
    [MemberData(nameof(ConformanceTests.Names), MemberType = typeof(ConformanceTests))]
    public void A_page_becomes_help(string name)
    {
        HelpPage page = HelpPage.Read(Path.Combine(Docs, name + ".md"));
        string file = Path.GetTempFileName();
        try
        {
            Maml.Write([page], file);
            XDocument help = XDocument.Load(file);
            IEnumerable<string> Texts(string element) => help.Descendants().Where(e => e.Name.LocalName == element).Select(e => e.Value);
            Assert.Contains(name, Texts("name"));
            Assert.Equal(page.Examples.Select(e => e.Code), Texts("code"));
            Assert.All(page.Parameters, p => Assert.NotEmpty(p.Description));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void The_least_policy_is_what_the_code_calls()
    {
        string page = File.ReadAllText(Path.Combine(Docs, "about_Fe2Ps_Security.md"));
        string policy = LeastPolicy.Write(Path.Combine(AppContext.BaseDirectory, "Fe2Ps.Core.dll"), Repository.PathOf("models"));
        Assert.True(LeastPolicy.Page(page, policy) == page, "the policy differs from the code; 'dotnet run --project src/Fe2Ps.Help -- update docs DLL' writes it anew");
        using JsonDocument parsed = JsonDocument.Parse(policy);
        string[][] actions = [.. parsed.RootElement.GetProperty("Statement").EnumerateArray().Select(s => s.GetProperty("Action").EnumerateArray().Select(a => a.GetString()!).ToArray())];
        Assert.Contains("ec2:DescribeInstances", actions[0]);
        Assert.Contains("pricing:GetProducts", actions[0]);
        Assert.Contains("ssm:GetParameter", actions[0]);
        Assert.Contains("ec2:RunInstances", actions[1]);
        Assert.Contains("ec2:CreateTags", actions[1]);
        Assert.Contains("elasticfilesystem:TagResource", actions[1]);
        Assert.Contains("ec2:CreateNetworkInterface", actions[1]);
        // Only the sandbox's tests allocate addresses.
        Assert.DoesNotContain("ec2:AllocateAddress", actions[1]);
    }

    [Fact]
    public void A_page_without_examples_is_refused()
    {
        string folder = Directory.CreateTempSubdirectory("fe2ps-docs-").FullName;
        try
        {
            string path = Path.Combine(folder, "Get-Fe2Region.md");
            string text = File.ReadAllText(Path.Combine(Docs, "Get-Fe2Region.md"));
            File.WriteAllText(path, text.Replace("```powershell", "```text", StringComparison.Ordinal));
            Assert.Contains("has no ```powershell block", Assert.Throws<PageException>(() => HelpPage.Read(path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_topic_becomes_text_of_eighty_columns()
    {
        string text = AboutTopic.ToText("# about_X\n\n## Short description\n\n" + string.Join(' ', Enumerable.Repeat("`word`", 60)) + "\n\n- a [link](x.md)\n\n```powershell\nGet-X\n```\n");
        Assert.StartsWith("TOPIC\n    about_X\n", text, StringComparison.Ordinal);
        Assert.Contains("\nSHORT DESCRIPTION\n", text, StringComparison.Ordinal);
        Assert.Contains("    - a link\n", text, StringComparison.Ordinal);
        Assert.Contains("        Get-X\n", text, StringComparison.Ordinal);
        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= 80));
    }
}
