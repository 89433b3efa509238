using System.Net;
using System.Xml;
using Amazon.Runtime;
using Amazon.Runtime.Internal.Transform;

namespace Fe2Ps.Aws.Wire;

/// <summary>Reads the answers of the ec2 and query protocols.</summary>
/// <param name="read">Reads the element that holds the output's members.</param>
/// <param name="fail">Makes the service's exception.</param>
/// <param name="wrapper">The element around the output in the query protocol; null in ec2, where the root holds it.</param>
internal sealed class XmlAnswerUnmarshaller<TResponse>(
    Func<XmlAnswer, TResponse> read, Func<AnswerError, AmazonServiceException> fail, string? wrapper = null) : XmlResponseUnmarshaller
    where TResponse : AmazonWebServiceResponse, new()
{
    /// <inheritdoc/>
    public override AmazonWebServiceResponse Unmarshall(UnmarshallerContext input) => Unmarshall((XmlUnmarshallerContext)input);

    /// <inheritdoc/>
    public override AmazonWebServiceResponse Unmarshall(XmlUnmarshallerContext input)
    {
        XmlAnswer? xml = null;
        try
        {
            xml = new XmlAnswer(input.Stream);
            var (response, requestId) = wrapper is null ? (read(xml), xml.RequestId) : Unwrapped(xml);
            response.ResponseMetadata = new ResponseMetadata { RequestId = requestId };
            return response;
        }
        catch (Exception wrong) when (wrong is XmlException or FormatException or OverflowException)
        {
            throw new AmazonUnmarshallingException(xml?.RequestId, xml?.Position ?? "the start", wrong);
        }
        finally
        {
            xml?.Dispose();
        }
    }

    /// <inheritdoc/>
    public override AmazonServiceException UnmarshallException(XmlUnmarshallerContext input, Exception innerException, HttpStatusCode statusCode)
    {
        string? code = null, message = null, requestId = null;
        try
        {
            using var xml = new XmlAnswer(input.Stream);
            ReadError(xml, ref code, ref message, ref requestId);
        }
        catch (XmlException)
        {
            // A proxy's page or half an answer: the status alone has to tell.
        }

        return fail(new AnswerError(code ?? statusCode.ToString(), message ?? $"The service answered with HTTP status {(int)statusCode} and no error text.", requestId, statusCode, innerException));
    }

    private static void ReadError(XmlAnswer xml, ref string? code, ref string? message, ref string? requestId)
    {
        if (!xml.Enter()) return;
        while (xml.Next())
        {
            switch (xml.Name)
            {
                case "Errors" or "Error":
                    ReadError(xml, ref code, ref message, ref requestId);
                    break;
                case "Code":
                    code ??= xml.Text();
                    break;
                case "Message":
                    message ??= xml.Text();
                    break;
                case "RequestID" or "RequestId" or "requestId":
                    requestId ??= xml.Text();
                    break;
                default:
                    xml.Skip();
                    break;
            }
        }
    }

    private (TResponse Response, string? RequestId) Unwrapped(XmlAnswer xml)
    {
        TResponse? response = null;
        string? requestId = null;
        if (xml.Enter())
        {
            while (xml.Next())
            {
                if (xml.Name == wrapper) response = read(xml);
                else if (xml.Name == "ResponseMetadata") requestId = xml.TextOf("RequestId");
                else xml.Skip();
            }
        }

        return (response ?? new TResponse(), requestId);
    }
}
