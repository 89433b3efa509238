using System.Net;
using System.Text;
using Amazon.Runtime;
using Amazon.Runtime.Internal.Transform;

namespace Fe2Ps.Aws.Tests.Answers;

/// <summary>Reads recorded answers through a client's own unmarshaller, without a network.</summary>
internal static class Answered
{
    public static T Xml<T>(string answer, Func<Wire.XmlAnswer, T> read, string? wrapper = null)
        where T : AmazonWebServiceResponse, new() =>
        (T)Read(new Wire.XmlAnswerUnmarshaller<T>(read, Fail, wrapper), answer, isException: false);

    public static AmazonWebServiceResponse Xml(ModelFile model, string operation, string answer)
    {
        var unmarshaller = Made(typeof(Wire.XmlAnswerUnmarshaller<>), model, operation, "ReadXml", typeof(Func<,>), typeof(Wire.XmlAnswer), out var read);
        var wrapper = model.Protocol == "query" ? (string?)model.Operation(operation)["output"]?["resultWrapper"] ?? operation + "Result" : null;
        return Read((ResponseUnmarshaller)Activator.CreateInstance(unmarshaller, read, (Func<Wire.AnswerError, AmazonServiceException>)Fail, wrapper)!, answer, isException: false);
    }

    public static AmazonWebServiceResponse Json(ModelFile model, string operation, string answer, IReadOnlyDictionary<string, string> headers)
    {
        var type = model.Class(operation + "Response");
        var read = Delegate.CreateDelegate(
            typeof(Wire.JsonRead<>).MakeGenericType(type), type.GetMethod("ReadJson", System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)!);
        var unmarshaller = typeof(Wire.JsonAnswerUnmarshaller<>).MakeGenericType(type);
        var head = type.GetMethod("ReadHead", System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)
            ?.CreateDelegate(typeof(Action<,>).MakeGenericType(type, typeof(IWebResponseData)));
        return Read((ResponseUnmarshaller)Activator.CreateInstance(unmarshaller, read, (Func<Wire.AnswerError, AmazonServiceException>)Fail, head)!, answer, isException: false, headers);
    }

    public static AmazonServiceException Error(string answer, HttpStatusCode status, ResponseUnmarshaller unmarshaller)
    {
        var context = unmarshaller.CreateContext(new Data(answer, status), readEntireResponse: false, new MemoryStream(Encoding.UTF8.GetBytes(answer)), new Amazon.Runtime.Internal.Util.RequestMetrics(), isException: true);
        return unmarshaller.UnmarshallException(context, new IOException("the answer"), status);
    }

    private static Type Made(Type open, ModelFile model, string operation, string method, Type delegateType, Type argument, out Delegate read)
    {
        var type = model.Class(operation + "Response");
        read = Delegate.CreateDelegate(
            delegateType.MakeGenericType(argument, type), type.GetMethod(method, System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)!);
        return open.MakeGenericType(type);
    }

    private static AmazonWebServiceResponse Read(ResponseUnmarshaller unmarshaller, string answer, bool isException, IReadOnlyDictionary<string, string>? headers = null)
    {
        var data = new Data(answer, HttpStatusCode.OK, headers);
        var stream = new MemoryStream(Encoding.UTF8.GetBytes(answer));
        var context = unmarshaller.CreateContext(data, readEntireResponse: false, stream, new Amazon.Runtime.Internal.Util.RequestMetrics(), isException);
        return unmarshaller.UnmarshallResponse(context);
    }

    private static AmazonServiceException Fail(Wire.AnswerError error) =>
        new(error.Message, error.Inner, error.Type, error.Code, error.RequestId, error.StatusCode);

    private sealed class Data(string answer, HttpStatusCode status, IReadOnlyDictionary<string, string>? headers = null) : IWebResponseData
    {
        public long ContentLength => Encoding.UTF8.GetByteCount(answer);

        public string ContentType => "text/xml";

        public HttpStatusCode StatusCode => status;

        public bool IsSuccessStatusCode => (int)status < 300;

        public IHttpResponseBody ResponseBody => throw new NotSupportedException();

        public string[] GetHeaderNames() => ["x-amzn-RequestId", .. headers?.Keys ?? []];

        public bool IsHeaderPresent(string headerName) => IsRequestId(headerName) || headers?.ContainsKey(headerName) == true;

        public string GetHeaderValue(string headerName) => IsRequestId(headerName) ? "req-42" : headers?.GetValueOrDefault(headerName) ?? "";

        public Amazon.Runtime.EventStreams.IEventStreamHeader GetEventStreamHeader(string headerName) => throw new NotSupportedException();

        public bool IsEventHeaderPresent(string headerName) => false;

        private static bool IsRequestId(string name) => name.Equals("x-amzn-RequestId", StringComparison.OrdinalIgnoreCase);
    }
}
