using Fe2Ps.Aws.Generator.Model;

namespace Fe2Ps.Aws.Generator;

/// <summary>Writes a service's client, its interface, configuration and base request.</summary>
internal static class ClientSource
{
    private static readonly string[] s_usings =
    {
        "System", "System.Threading", "System.Threading.Tasks", "Amazon", "Amazon.Runtime", "Amazon.Runtime.Endpoints", "Amazon.Runtime.Internal", "Fe2Ps.Aws.Wire",
    };

    public static string Interface(ServicePlan plan)
    {
        var names = plan.Model.Names;
        var code = Start(plan.Model);
        code.Summary($"What a client of {CodeWriter.Doc(plan.Model.FullName)} can do.");
        code.Open($"public interface IAmazon{names.Name} : IAmazonService, IDisposable");
        if (HasPages(plan))
        {
            code.Summary("Enumerates the pages of the operations that have pages.");
            code.Line($"Model.I{names.Name}PaginatorFactory Paginators {{ get; }}");
        }

        foreach (var operation in plan.Model.Operations)
        {
            code.Line();
            Doc(code, names, operation);
            code.Line($"Task<{operation.Name}Response> {operation.Name}Async({operation.Name}Request request, CancellationToken cancellationToken = default);");
            if (!names.HasNoArgumentForm(operation.Name)) continue;
            code.Line();
            Doc(code, names, operation);
            code.Line($"Task<{operation.Name}Response> {operation.Name}Async(CancellationToken cancellationToken = default);");
        }

        code.Line();
        code.Summary("The endpoint that a request would go to.");
        code.Line("Endpoint DetermineServiceOperationEndpoint(AmazonWebServiceRequest request);");
        code.Line();
        code.Line($"static ClientConfig IAmazonService.CreateDefaultClientConfig() => new Amazon{names.Name}Config();");
        code.Line();
        code.Line("static IAmazonService IAmazonService.CreateDefaultServiceClient(AWSCredentials awsCredentials, ClientConfig clientConfig) =>");
        code.Line($"    awsCredentials is null ? new Amazon{names.Name}Client((Amazon{names.Name}Config)clientConfig) : new Amazon{names.Name}Client(awsCredentials, (Amazon{names.Name}Config)clientConfig);");
        code.Close();
        return code.ToString();
    }

    public static string Client(ServicePlan plan)
    {
        var model = plan.Model;
        var names = model.Names;
        var name = $"Amazon{names.Name}Client";
        var config = $"Amazon{names.Name}Config";
        var code = Start(model);
        code.Summary($"A client of {CodeWriter.Doc(model.FullName)}, API version {model.ApiVersion}. Safe for use by many threads.");
        code.Open($"public class {name} : AmazonServiceClient, IAmazon{names.Name}");
        code.Line("private static readonly IServiceMetadata s_metadata = new ServiceFacts(" + CSharp.Text(model.ServiceId) + ");");
        if (HasPages(plan)) code.Line($"private Model.I{names.Name}PaginatorFactory _paginators;");
        Constructors(code, name, config);
        if (HasPages(plan))
        {
            code.Line();
            code.Line("/// <inheritdoc/>");
            code.Line($"public Model.I{names.Name}PaginatorFactory Paginators => _paginators ??= new Model.{names.Name}PaginatorFactory(this);");
        }

        code.Line();
        code.Line("/// <inheritdoc/>");
        code.Line("protected override IServiceMetadata ServiceMetadata => s_metadata;");
        foreach (var operation in model.Operations) Call(code, model, operation);
        code.Line();
        code.Line("/// <inheritdoc/>");
        code.Line($"public Endpoint DetermineServiceOperationEndpoint(AmazonWebServiceRequest request) => (({config})Config).DetermineServiceOperationEndpoint(new ServiceOperationEndpointParameters(request));");
        code.Line();
        code.Line("/// <inheritdoc/>");
        var codes = string.Concat(names.ThrottlingCodes.Select(c => ", " + CSharp.Text(c)));
        code.Line($"protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline) => ServicePipeline.Customize(pipeline, Config{codes});");
        code.Close();
        return code.ToString();
    }

    public static string Config(ServicePlan plan)
    {
        var model = plan.Model;
        var name = $"Amazon{model.Names.Name}Config";
        var code = Start(model);
        code.Summary($"How a client reaches {CodeWriter.Doc(model.FullName)}: region or address, retries, time-outs.");
        code.Open($"public class {name} : ClientConfig");
        code.Line($"private static readonly string s_userAgent = ServiceFacts.UserAgent({CSharp.Text(model.ServiceId)});");
        code.Line();
        code.Summary("The defaults of the environment and of the profile in use.");
        code.Line($"public {name}()");
        code.Line("    : base(ServiceDefaults.Provider)");
        code.Open();
        code.Line($"base.ServiceId = {CSharp.Text(model.ServiceId)};");
        code.Line($"AuthenticationServiceName = {CSharp.Text(model.SigningName)};");
        code.Line($"EndpointProvider = new RegionalEndpoints({CSharp.Text(model.EndpointPrefix)}{(model.Names.IsGlobal ? ", isGlobal: true" : "")});");
        code.Close();
        code.Line();
        code.Summary("The service's own id, by which a profile's service section names it.");
        code.Line($"public static new string ServiceId => {CSharp.Text(model.ServiceId)};");
        code.Line();
        code.Line("/// <inheritdoc/>");
        code.Line($"public override string RegionEndpointServiceName => {CSharp.Text(model.EndpointPrefix)};");
        code.Line();
        code.Line("/// <inheritdoc/>");
        code.Line($"public override string ServiceVersion => {CSharp.Text(model.ApiVersion)};");
        code.Line();
        code.Line("/// <inheritdoc/>");
        code.Line("public override string UserAgent => s_userAgent;");
        code.Line();
        code.Line("/// <inheritdoc/>");
        code.Line("public override Endpoint DetermineServiceOperationEndpoint(ServiceOperationEndpointParameters parameters) => RegionalEndpoints.Determine(this, parameters);");
        code.Close();
        code.Line();
        code.Summary($"The base of every request to {CodeWriter.Doc(model.FullName)}.");
        code.Open($"public abstract class Amazon{model.Names.Name}Request : AmazonWebServiceRequest");
        code.Close();
        return code.ToString();
    }

    private static void Constructors(CodeWriter code, string name, string config)
    {
        Constructor(code, name, "Credentials and region by the environment's own rules.", "", $"base(new {config}())");
        Constructor(code, name, "Credentials by the environment's own rules.", "RegionEndpoint region", $"base(new {config} {{ RegionEndpoint = region }})");
        Constructor(code, name, "Credentials by the environment's own rules.", $"{config} config", "base(config)");
        Constructor(code, name, "Region by the environment's own rules.", "AWSCredentials credentials", $"this(credentials, new {config}())");
        Constructor(code, name, "With these credentials.", "AWSCredentials credentials, RegionEndpoint region", $"this(credentials, new {config} {{ RegionEndpoint = region }})");
        Constructor(code, name, "With these credentials.", $"AWSCredentials credentials, {config} clientConfig", "base(credentials, clientConfig)");
        foreach (var (given, passed) in new[]
        {
            ("string awsAccessKeyId, string awsSecretAccessKey", "awsAccessKeyId, awsSecretAccessKey"),
            ("string awsAccessKeyId, string awsSecretAccessKey, string awsSessionToken", "awsAccessKeyId, awsSecretAccessKey, awsSessionToken"),
        })
        {
            Constructor(code, name, "With this key; region by the environment's own rules.", given, $"this({passed}, new {config}())");
            Constructor(code, name, "With this key.", given + ", RegionEndpoint region", $"this({passed}, new {config} {{ RegionEndpoint = region }})");
            Constructor(code, name, "With this key.", given + $", {config} clientConfig", $"base({passed}, clientConfig)");
        }
    }

    private static void Constructor(CodeWriter code, string name, string summary, string given, string chained)
    {
        code.Line();
        code.Summary(summary);
        code.Line($"public {name}({given})");
        code.Line("    : " + chained);
        code.Open();
        code.Close();
    }

    private static void Call(CodeWriter code, ServiceModel model, Operation operation)
    {
        var response = operation.Name + "Response";
        var scope = CSharp.Text(model.Names.Namespace);
        var target = CSharp.Text(operation.Name);
        var marshaller = model.Protocol switch
        {
            Protocol.RestJson => $"new RestMarshaller({scope}, {CSharp.Text(operation.Method)}, {CSharp.Text(operation.RequestUri)})",
            Protocol.Json => $"new JsonMarshaller({scope}, {CSharp.Text(model.TargetPrefix + "." + operation.Name)}, {CSharp.Text(model.JsonVersion)})",
            _ => $"new FormMarshaller({scope}, {target}, {CSharp.Text(model.ApiVersion)})",
        };
        var errors = $"{model.Names.Name}Errors.From";
        var wrapper = model.Protocol == Protocol.Query ? ", " + CSharp.Text(operation.ResultWrapper ?? operation.Name + "Result") : "";
        var unmarshaller = model.IsJson
            ? $"new JsonAnswerUnmarshaller<{response}>({response}.ReadJson, {errors}{(model.Protocol == Protocol.RestJson ? $", {response}.ReadHead" : "")})"
            : $"new XmlAnswerUnmarshaller<{response}>({response}.ReadXml, {errors}{wrapper})";
        code.Line();
        code.Line("/// <inheritdoc/>");
        code.Line($"public virtual Task<{response}> {operation.Name}Async({operation.Name}Request request, CancellationToken cancellationToken = default) =>");
        code.Line($"    InvokeAsync<{response}>(");
        code.Line("        request,");
        code.Line("        new InvokeOptions");
        code.Line("        {");
        code.Line($"            RequestMarshaller = {marshaller},");
        code.Line($"            ResponseUnmarshaller = {unmarshaller},");
        code.Line("        },");
        code.Line("        cancellationToken);");
        if (!model.Names.HasNoArgumentForm(operation.Name)) return;
        code.Line();
        code.Line("/// <inheritdoc/>");
        code.Line($"public virtual Task<{response}> {operation.Name}Async(CancellationToken cancellationToken = default) => {operation.Name}Async(new {operation.Name}Request(), cancellationToken);");
    }

    private static void Doc(CodeWriter code, ServiceNames names, Operation operation)
    {
        code.Summary($"The operation {operation.Name}. See <see href=\"{names.Reference}{operation.Name}.html\">the API reference</see>.");
        code.Line($"/// <exception cref=\"Amazon{names.Name}Exception\">The service refused the request; its error code says why.</exception>");
    }

    private static CodeWriter Start(ServiceModel model) => new(model.Uid, model.Names.Namespace, s_usings.Concat(new[] { model.Names.Namespace + ".Model" }).ToArray());

    private static bool HasPages(ServicePlan plan) => plan.Model.Operations.Any(o => o.InputToken is not null);
}
