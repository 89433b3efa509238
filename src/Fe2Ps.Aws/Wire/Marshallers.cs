using System.Buffers;
using System.Text.Json;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Transform;

namespace Fe2Ps.Aws.Wire;

/// <summary>Turns a request into the form fields of the ec2 and query protocols.</summary>
internal sealed class FormMarshaller(string service, string action, string version) : IMarshaller<IRequest, AmazonWebServiceRequest>
{
    /// <inheritdoc/>
    public IRequest Marshall(AmazonWebServiceRequest input)
    {
        var request = new DefaultRequest(input, service);
        request.Parameters.Add("Action", action);
        request.Parameters.Add("Version", version);
        ((IFormRequest)input).WriteForm(new FormWriter(request.Parameters));
        return request;
    }
}

/// <summary>A request that can write itself as a JSON object.</summary>
internal interface IJsonRequest
{
    /// <summary>Writes every member that is set.</summary>
    void WriteJson(Utf8JsonWriter json);
}

/// <summary>Turns a request into the body of the json protocol, the operation in the header X-Amz-Target.</summary>
internal sealed class JsonMarshaller(string service, string target, string version) : IMarshaller<IRequest, AmazonWebServiceRequest>
{
    /// <inheritdoc/>
    public IRequest Marshall(AmazonWebServiceRequest input)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body)) ((IJsonRequest)input).WriteJson(json);
        var request = new DefaultRequest(input, service) { HttpMethod = "POST", ResourcePath = "/", Content = body.WrittenSpan.ToArray() };
        request.Headers["X-Amz-Target"] = target;
        request.Headers["Content-Type"] = "application/x-amz-json-" + version;
        return request;
    }
}
