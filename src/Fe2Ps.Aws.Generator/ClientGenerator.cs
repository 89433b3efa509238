using System.Collections.Immutable;
using System.Text;
using Fe2Ps.Aws.Generator.Model;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Fe2Ps.Aws.Generator;

/// <summary>
/// Writes AWS service clients from official service models while the compiler runs. The models and names.json are
/// AdditionalFiles with the metadata <c>AwsModel</c> (the service's entry in names.json, or <c>names</c> for that file
/// itself) and, where the clients shall live elsewhere than in the SDK's own namespace, <c>AwsNamespace</c>.
/// </summary>
[Generator]
public sealed class ClientGenerator : IIncrementalGenerator
{
    private static readonly DiagnosticDescriptor s_bad = new(
        "FE2AWS001", "A service model cannot be read", "{0}: {1}", "Fe2Ps.Aws", DiagnosticSeverity.Error, isEnabledByDefault: true);

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var inputs = context.AdditionalTextsProvider
            .Combine(context.AnalyzerConfigOptionsProvider)
            .Select(static (pair, cancel) => Input.From(pair.Left, pair.Right, cancel))
            .Where(static input => input is not null)
            .Select(static (input, _) => input!.Value);
        var names = inputs.Where(static input => input.Service == "names").Collect();
        var models = inputs.Where(static input => input.Service != "names").Combine(names);
        context.RegisterSourceOutput(models, static (output, pair) => Write(output, pair.Left, pair.Right));
    }

    private static void Write(SourceProductionContext output, Input input, ImmutableArray<Input> names)
    {
        try
        {
            if (names.IsEmpty) throw new FormatException("no AdditionalFiles item has AwsModel=\"names\"");
            var rules = names.Select(n => (JsonText.Read(n.Text) as JsonObject)?.Object(input.Service)).FirstOrDefault(found => found is not null)
                ?? throw new FormatException($"no names file has an entry '{input.Service}'");
            var root = JsonText.Read(input.Text) as JsonObject ?? throw new FormatException("not a JSON object");
            var plan = new ServicePlan(new ServiceModel(input.Service, root, new ServiceNames(rules, input.Namespace)));
            Write(output, plan);
        }
        catch (FormatException wrong)
        {
            output.ReportDiagnostic(Diagnostic.Create(s_bad, Location.None, input.Path, wrong.Message));
        }
    }

    private static void Write(SourceProductionContext output, ServicePlan plan)
    {
        var names = plan.Model.Names;
        void Add(string name, string? text)
        {
            if (text is not null) output.AddSource($"{names.Namespace}.{name}.g.cs", SourceText.From(text, Encoding.UTF8));
        }

        Add($"IAmazon{names.Name}", ClientSource.Interface(plan));
        Add($"Amazon{names.Name}Client", ClientSource.Client(plan));
        Add($"Amazon{names.Name}Config", ClientSource.Config(plan));
        Add($"Amazon{names.Name}Exception", ErrorSource.Base(plan));
        foreach (var one in plan.Enums)
        {
            output.CancellationToken.ThrowIfCancellationRequested();
            Add(one.Key, EnumSource.Write(plan.Model, one.Key, one.Value));
        }

        foreach (var one in plan.Classes)
        {
            output.CancellationToken.ThrowIfCancellationRequested();
            Add("Model." + one.Name, ClassSource.Write(plan, one));
        }

        foreach (var one in plan.Exceptions) Add("Model." + ErrorSource.ClassName(one), ErrorSource.One(plan, one));
        Add("Model.Paginators", PaginatorSource.Write(plan));
    }

    /// <summary>One additional file, compared by value so that an unchanged model is not written again.</summary>
    private readonly struct Input : IEquatable<Input>
    {
        private Input(string path, string service, string? ns, string text) => (Path, Service, Namespace, Text) = (path, service, ns, text);

        public string Path { get; }

        public string Service { get; }

        public string? Namespace { get; }

        public string Text { get; }

        public static Input? From(AdditionalText file, AnalyzerConfigOptionsProvider provider, CancellationToken cancel)
        {
            var options = provider.GetOptions(file);
            if (!options.TryGetValue("build_metadata.AdditionalFiles.AwsModel", out var service) || service.Length == 0) return null;
            options.TryGetValue("build_metadata.AdditionalFiles.AwsNamespace", out var ns);
            return new Input(file.Path, service, string.IsNullOrEmpty(ns) ? null : ns, file.GetText(cancel)?.ToString() ?? "");
        }

        public bool Equals(Input other) => Path == other.Path && Service == other.Service && Namespace == other.Namespace && Text == other.Text;

        public override bool Equals(object? other) => other is Input input && Equals(input);

        public override int GetHashCode() => Text.GetHashCode() ^ Path.GetHashCode();
    }
}
