using Fe2Ps.Aws.Generator.Model;

namespace Fe2Ps.Aws.Generator;

/// <summary>Writes the paginators: one for each operation with pages, and the factory that the client offers.</summary>
internal static class PaginatorSource
{
    public static string? Write(ServicePlan plan)
    {
        var paged = plan.Model.Operations.Where(o => o.InputToken is not null).ToList();
        if (paged.Count == 0) return null;
        var names = plan.Model.Names;
        var code = new CodeWriter(plan.Model.Uid, names.Namespace + ".Model", "System", "Amazon.Runtime", "Fe2Ps.Aws.Wire");
        code.Summary("The paginators of this service's client.");
        code.Open($"public interface I{names.Name}PaginatorFactory");
        foreach (var operation in paged)
        {
            code.Line();
            code.Summary($"The pages of {operation.Name}.");
            code.Line($"I{operation.Name}Paginator {operation.Name}({operation.Name}Request request);");
        }

        code.Close();
        code.Line();
        code.Open($"internal sealed class {names.Name}PaginatorFactory : I{names.Name}PaginatorFactory");
        code.Line($"private readonly IAmazon{names.Name} _client;");
        code.Line();
        code.Line($"internal {names.Name}PaginatorFactory(IAmazon{names.Name} client) => _client = client;");
        foreach (var operation in paged)
        {
            code.Line();
            code.Line($"public I{operation.Name}Paginator {operation.Name}({operation.Name}Request request) => new {operation.Name}Paginator(_client, request);");
        }

        code.Close();
        foreach (var operation in paged) One(code, plan, operation);
        return code.ToString();
    }

    private static void One(CodeWriter code, ServicePlan plan, Operation operation)
    {
        var name = operation.Name;
        var request = plan.Classes.First(c => c.Name == name + "Request");
        var response = plan.Classes.First(c => c.Name == name + "Response");
        var input = request.Fields.First(f => f.Use.Name == operation.InputToken).Property;
        var output = response.Fields.First(f => f.Use.Name == operation.OutputToken).Property;
        var results = operation.ResultKeys
            .Select(k => response.Fields.FirstOrDefault(f => f.Use.Name == k))
            .OfType<Field>()
            .Where(f => f.Shape.Kind == ShapeKind.List)
            .ToList();
        code.Line();
        code.Summary($"The pages of one {name} request. Enumerated once; a token that comes back a second time ends it with an error.");
        code.Open($"public interface I{name}Paginator");
        code.Summary("Every answer.");
        code.Line($"IPaginatedEnumerable<{name}Response> Responses {{ get; }}");
        foreach (var field in results)
        {
            code.Line();
            code.Summary($"Every element of {field.Property}, over all answers.");
            code.Line($"IPaginatedEnumerable<{CSharp.Element(plan.Model, field.Shape.Element!)}> {field.Property} {{ get; }}");
        }

        code.Close();
        code.Line();
        code.Open($"internal sealed class {name}Paginator : I{name}Paginator");
        code.Line($"private readonly Pages<{name}Request, {name}Response> _pages;");
        code.Line();
        code.Line($"internal {name}Paginator(IAmazon{plan.Model.Names.Name} client, {name}Request request) => _pages = new(");
        code.Line($"    request, client.{name}Async, static request => request.{input}, static (request, token) => request.{input} = token, static response => response.{output});");
        code.Line();
        code.Line($"public IPaginatedEnumerable<{name}Response> Responses => new PaginatedResponse<{name}Response>(_pages);");
        foreach (var field in results)
        {
            var element = CSharp.Element(plan.Model, field.Shape.Element!);
            code.Line();
            code.Line($"public IPaginatedEnumerable<{element}> {field.Property} =>");
            code.Line($"    new PaginatedResultKeyResponse<{name}Response, {element}>(_pages, static response => response.{field.Property} ?? []);");
        }

        code.Close();
    }
}
