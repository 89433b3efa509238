using Fe2Ps.Aws.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Fe2Ps.Aws.Tests;

/// <summary>The generator on models of its own.</summary>
public sealed class GeneratorTests
{
    private const string Names = """{"tiny":{"namespace":"Tiny","name":"Tiny","reference":"https://example.invalid/"}}""";

    private const string Model =
        """
        {"metadata":{"apiVersion":"1","endpointPrefix":"tiny","protocol":"PROTOCOL","serviceId":"Tiny","serviceFullName":"Tiny <&> Co","uid":"tiny-1"},
         "operations":{"Go":{"name":"Go","input":{"shape":"In"}}},
         "shapes":{"In":{"type":"structure","members":{"Text":{"shape":"T"}}},"T":{"type":"string","enum":["a-b","a.b","2x"]}}}
        """;

    [Theory]
    [InlineData("{", "expected")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("{\"metadata\":{\"protocol\":\"smoke-signals\"}}", "smoke-signals")]
    [InlineData("{\"metadata\":{\"protocol\":\"ec2\"},\"shapes\":{},\"operations\":{\"Go\":{\"input\":{\"shape\":\"Gone\"}}}}", "Gone")]
    [InlineData("{\"metadata\":{\"protocol\":\"ec2\"},\"shapes\":{\"A\":{\"type\":\"riddle\"}},\"operations\":{}}", "riddle")]
    public void A_model_that_cannot_be_read_is_an_error_that_names_the_file_and_the_reason(string model, string reason)
    {
        var result = Run(Names, model).GetRunResult();

        var diagnostic = Assert.Single(result.Diagnostics);
        Assert.Equal(DiagnosticSeverity.Error, diagnostic.Severity);
        Assert.Contains("tiny.json", diagnostic.GetMessage());
        Assert.Contains(reason, diagnostic.GetMessage());
        Assert.Empty(result.GeneratedTrees);
    }

    [Fact]
    public void A_service_without_names_is_an_error()
    {
        var diagnostic = Assert.Single(Run("{}", Model.Replace("PROTOCOL", "ec2")).GetRunResult().Diagnostics);

        Assert.Contains("'tiny'", diagnostic.GetMessage());
    }

    [Fact]
    public void Values_that_would_share_a_name_get_names_of_their_own()
    {
        var source = Run(Names, Model.Replace("PROTOCOL", "query")).GetRunResult().GeneratedTrees.Single(t => t.FilePath.EndsWith("Tiny.T.g.cs", StringComparison.Ordinal)).ToString();

        Assert.Contains(" AB => s_all.Find(\"a-b\")", source);
        Assert.Contains(" AB_ => s_all.Find(\"a.b\")", source);
        Assert.Contains(" _2x => s_all.Find(\"2x\")", source);
    }

    [Fact]
    public void An_unchanged_model_is_not_written_again()
    {
        var driver = Run(Names, Model.Replace("PROTOCOL", "json"));

        var again = driver.RunGenerators(CSharpCompilation.Create("other", [CSharpSyntaxTree.ParseText("class C;")]));

        var outputs = again.GetRunResult().Results[0].TrackedOutputSteps.SelectMany(s => s.Value).SelectMany(s => s.Outputs).ToList();
        Assert.NotEmpty(outputs);
        Assert.All(outputs, o => Assert.Equal(IncrementalStepRunReason.Cached, o.Reason));
    }

    private static GeneratorDriver Run(string names, string model) => CSharpGeneratorDriver
        .Create(
            [new ClientGenerator().AsSourceGenerator()],
            [new Text("names.json", names), new Text("tiny.json", model)],
            optionsProvider: new Options(),
            driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true))
        .RunGenerators(CSharpCompilation.Create("tiny"));

    private sealed class Text(string path, string text) : AdditionalText
    {
        public override string Path => path;

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(text);
    }

    private sealed class Options : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } = new One(null);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => new One(Path.GetFileNameWithoutExtension(textFile.Path));
    }

    private sealed class One(string? service) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? value)
        {
            value = key == "build_metadata.AdditionalFiles.AwsModel" ? service : null;
            return value is not null;
        }
    }
}
