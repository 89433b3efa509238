using Fe2Ps.Aws.Generator.Model;

namespace Fe2Ps.Aws.Generator;

/// <summary>Writes a service's exceptions and the choice among them by error code.</summary>
internal static class ErrorSource
{
    private static readonly string[] s_usings = { "System", "System.Net", "Amazon.Runtime", "Fe2Ps.Aws.Wire" };

    public static string Base(ServicePlan plan)
    {
        var names = plan.Model.Names;
        var code = new CodeWriter(plan.Model.Uid, names.Namespace, s_usings);
        code.Summary($"An error that {CodeWriter.Doc(plan.Model.FullName)} answered with: its code, message, request id and HTTP status.");
        code.Open($"public class Amazon{names.Name}Exception : AmazonServiceException");
        Constructors(code, $"Amazon{names.Name}Exception");
        code.Line();
        code.Summary("Set when the same request may succeed later: throttling and failures on the service's side.");
        code.Line("public override RetryableDetails Retryable => AnswerError.Retryable(ErrorCode, StatusCode);");
        code.Close();
        code.Line();
        code.Open($"internal static class {names.Name}Errors");
        code.Open("internal static AmazonServiceException From(AnswerError error)");
        code.Open("switch (error.Code)");
        foreach (var shape in plan.Exceptions)
        {
            if (shape.ErrorCode is { } errorCode && errorCode != shape.Name) code.Line($"case {CSharp.Text(errorCode)}:");
            code.Line($"case {CSharp.Text(shape.Name)}:");
            code.Line($"    return new Model.{ClassName(shape)}(error.Message, error.Inner, error.Type, error.Code, error.RequestId, error.StatusCode);");
        }

        code.Line("default:");
        code.Line($"    return new Amazon{names.Name}Exception(error.Message, error.Inner, error.Type, error.Code, error.RequestId, error.StatusCode);");
        code.Close();
        code.Close();
        code.Close();
        return code.ToString();
    }

    public static string One(ServicePlan plan, Shape shape)
    {
        var names = plan.Model.Names;
        var name = ClassName(shape);
        var code = new CodeWriter(plan.Model.Uid, names.Namespace + ".Model", s_usings);
        code.Summary($"The error <c>{shape.ErrorCode ?? shape.Name}</c> of {CodeWriter.Doc(plan.Model.FullName)}{(shape.IsFault ? ", a failure on the service's side" : "")}.");
        code.Open($"public sealed class {name} : Amazon{names.Name}Exception");
        Constructors(code, name);
        if (shape.Retryable is { } throttling)
        {
            code.Line();
            code.Line("/// <inheritdoc/>");
            code.Line($"public override RetryableDetails Retryable => new({(throttling ? "true" : "false")});");
        }

        code.Close();
        return code.ToString();
    }

    public static string ClassName(Shape shape)
    {
        var name = ServiceNames.Upper(shape.Name);
        return name.EndsWith("Exception", StringComparison.Ordinal) ? name : name + "Exception";
    }

    private static void Constructors(CodeWriter code, string name)
    {
        Constructor(code, name, "With a message.", "string message", "message");
        Constructor(code, name, "With a message and a cause.", "string message, Exception innerException", "message, innerException");
        Constructor(code, name, "With a cause.", "Exception innerException", "innerException");
        Constructor(
            code,
            name,
            "With everything that an answer tells.",
            "string message, ErrorType errorType, string errorCode, string requestId, HttpStatusCode statusCode",
            "message, errorType, errorCode, requestId, statusCode");
        Constructor(
            code,
            name,
            "With everything that an answer tells, and a cause.",
            "string message, Exception innerException, ErrorType errorType, string errorCode, string requestId, HttpStatusCode statusCode",
            "message, innerException, errorType, errorCode, requestId, statusCode");
    }

    private static void Constructor(CodeWriter code, string name, string summary, string given, string passed)
    {
        code.Line();
        code.Summary(summary);
        code.Line($"public {name}({given})");
        code.Line($"    : base({passed})");
        code.Open();
        code.Close();
    }
}
