using System.Net;
using System.Text.Json;
using Amazon.Runtime;
using Amazon.Runtime.Internal.Transform;

namespace Fe2Ps.Aws.Wire;

/// <summary>Reads the answers of the json protocol.</summary>
internal sealed class JsonAnswerUnmarshaller<TResponse>(JsonRead<TResponse?> read, Func<AnswerError, AmazonServiceException> fail) : JsonResponseUnmarshaller
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
        string? code = null, message = null;
        try
        {
            var json = new Utf8JsonReader(Body(input.Stream));
            if (json.Read() && json.TokenType == JsonTokenType.StartObject)
            {
                while (JsonAnswer.Next(ref json, out var name))
                {
                    if (name is "__type" or "code") code ??= JsonAnswer.Text(ref json);
                    else if (name is "message" or "Message" or "errorMessage") message ??= JsonAnswer.Text(ref json);
                    else json.Skip();
                }
            }
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            // A proxy's page or half an answer: the status alone has to tell.
        }

        code = Header(input, "x-amzn-ErrorType") ?? code;
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
