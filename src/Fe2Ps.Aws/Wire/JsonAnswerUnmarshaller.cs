using System.Net;
using System.Text.Json;
using Amazon.Runtime;
using Amazon.Runtime.Internal.Transform;

namespace Fe2Ps.Aws.Wire;

/// <summary>Reads the answers of the json and rest-json protocols.</summary>
/// <param name="read">Reads the body.</param>
/// <param name="fail">Makes the service's exception.</param>
/// <param name="readHead">Reads what a REST answer says outside its body: status and headers.</param>
internal sealed class JsonAnswerUnmarshaller<TResponse>(
    JsonRead<TResponse?> read, Func<AnswerError, AmazonServiceException> fail, Action<TResponse, IWebResponseData>? readHead = null) : JsonResponseUnmarshaller
    where TResponse : AmazonWebServiceResponse, new()
{
    private const string RequestIdHeader = "x-amzn-RequestId";

    /// <inheritdoc/>
    public override AmazonWebServiceResponse Unmarshall(UnmarshallerContext input) => Unmarshall((JsonUnmarshallerContext)input);

    /// <inheritdoc/>
    public override AmazonWebServiceResponse Unmarshall(JsonUnmarshallerContext input)
    {
        var requestId = Header(input, RequestIdHeader);
        var body = Body(input.Stream);
        try
        {
            var response = new TResponse();
            if (body.Length > 0)
            {
                var json = new Utf8JsonReader(body);
                json.Read();
                response = read(ref json) ?? response;
            }

            readHead?.Invoke(response, input.ResponseData);
            response.ResponseMetadata = new ResponseMetadata { RequestId = requestId };
            return response;
        }
        catch (Exception wrong) when (wrong is JsonException or FormatException or InvalidOperationException)
        {
            throw new AmazonUnmarshallingException(requestId, (wrong as JsonException)?.Path ?? "", wrong);
        }
    }

    /// <inheritdoc/>
    public override AmazonServiceException UnmarshallException(JsonUnmarshallerContext input, Exception innerException, HttpStatusCode statusCode)
    {
        string? code = null, own = null, message = null;
        try
        {
            var json = new Utf8JsonReader(Body(input.Stream));
            if (json.Read() && json.TokenType == JsonTokenType.StartObject)
            {
                while (JsonAnswer.Next(ref json, out var name))
                {
                    if (name is "__type" or "code") code ??= JsonAnswer.Text(ref json);
                    else if (name is "Code" or "ErrorCode") own ??= JsonAnswer.Text(ref json);
                    else if (name is "message" or "Message" or "errorMessage") message ??= JsonAnswer.Text(ref json);
                    else json.Skip();
                }
            }
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            // A proxy's page or half an answer: the status alone has to tell.
        }

        // EFS and DLM repeat the code as a member of the error's own.
        code = Header(input, "x-amzn-ErrorType") ?? code ?? own;
        return fail(new AnswerError(
            BareCode(code) ?? statusCode.ToString(),
            message ?? $"The service answered with HTTP status {(int)statusCode} and no error text.",
            Header(input, RequestIdHeader),
            statusCode,
            innerException));
    }

    /// <summary>The code without its namespace before '#' and without an address after ':'.</summary>
    private static string? BareCode(string? code)
    {
        if (string.IsNullOrEmpty(code)) return null;
        var end = code.IndexOf(':');
        if (end >= 0) code = code[..end];
        return code[(code.LastIndexOf('#') + 1)..];
    }

    private static string? Header(UnmarshallerContext input, string name) =>
        input.ResponseData.IsHeaderPresent(name) ? input.ResponseData.GetHeaderValue(name) : null;

    private static byte[] Body(Stream stream)
    {
        using var body = new MemoryStream();
        stream.CopyTo(body);
        return body.ToArray();
    }
}
