using System.Buffers;
using System.Buffers.Text;
using System.Collections;
using System.Globalization;
using System.Text;

namespace Fe2Ps.Sandbox.Wire;

/// <summary>
/// Writes answers of the ec2 and query protocols by the model, straight into UTF-8 bytes: a page of a thousand instances is 3 MB,
/// and sequences are read while they are written.
/// </summary>
internal static class XmlAnswer
{
    public static void Write(IBufferWriter<byte> output, Operation operation, Fields? fields, string requestId)
    {
        var ec2 = operation.Service.Protocol == "ec2";
        Raw(output, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"u8);
        Raw(output, $"<{operation.Name}Response xmlns=\"{operation.Service.XmlNamespace}{(ec2 ? "/" : "")}\">");
        if (ec2)
            Raw(output, $"<requestId>{requestId}</requestId>");
        var wrapper = ec2 || operation.Output is null ? null : operation.ResultWrapper ?? operation.Name + "Result";
        if (wrapper is not null)
            Raw(output, $"<{wrapper}>");
        if (operation.Output is not null && fields is not null)
            Structure(output, operation.Output, fields);
        else if (operation.Output is null && ec2)
            Raw(output, "<return>true</return>"u8);
        if (wrapper is not null)
            Raw(output, $"</{wrapper}>");
        if (!ec2)
            Raw(output, $"<ResponseMetadata><RequestId>{requestId}</RequestId></ResponseMetadata>");
        Raw(output, $"</{operation.Name}Response>");
    }

    public static void WriteError(IBufferWriter<byte> output, ServiceModel service, ApiException error, string requestId)
    {
        Raw(output, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"u8);
        if (service.Protocol == "ec2")
        {
            Raw(output, "<Response><Errors><Error><Code>"u8);
            Escaped(output, error.Code);
            Raw(output, "</Code><Message>"u8);
            Escaped(output, error.Message);
            Raw(output, $"</Message></Error></Errors><RequestID>{requestId}</RequestID></Response>");
            return;
        }

        Raw(output, $"<ErrorResponse xmlns=\"{service.XmlNamespace}\"><Error><Type>{(error.Status < 500 ? "Sender" : "Receiver")}</Type><Code>");
        Escaped(output, error.Code);
        Raw(output, "</Code><Message>"u8);
        Escaped(output, error.Message);
        Raw(output, $"</Message></Error><RequestId>{requestId}</RequestId></ErrorResponse>");
    }

    private static void Structure(IBufferWriter<byte> output, Shape shape, Fields fields)
    {
        foreach (var (name, value) in fields)
        {
            if (!shape.Members.TryGetValue(name, out var member))
                throw new InvalidOperationException($"The model's {shape.Name} has no member '{name}'.");
            Element(output, member, value);
        }
    }

    private static void Element(IBufferWriter<byte> output, Member member, object value)
    {
        Raw(output, member.OpenTag);
        switch (member.Shape.Type)
        {
            case ShapeType.Structure:
                Structure(output, member.Shape, (Fields)value);
                break;
            case ShapeType.List:
                foreach (var item in (IEnumerable)value)
                    Element(output, member.Shape.Element!, item);
                break;
            default:
                Scalar(output, value);
                break;
        }

        Raw(output, member.CloseTag);
    }

    private static void Scalar(IBufferWriter<byte> output, object value)
    {
        switch (value)
        {
            case string text:
                Escaped(output, text);
                break;
            case bool flag:
                Raw(output, flag ? "true"u8 : "false"u8);
                break;
            case long number:
                var span = output.GetSpan(20);
                Utf8Formatter.TryFormat(number, span, out var written);
                output.Advance(written);
                break;
            case DateTimeOffset time:
                Raw(output, Timestamps.Iso(time));
                break;
            case byte[] bytes:
                Raw(output, Convert.ToBase64String(bytes));
                break;
            default:
                Escaped(output, Convert.ToString(value, CultureInfo.InvariantCulture)!);
                break;
        }
    }

    private static void Escaped(IBufferWriter<byte> output, string text)
    {
        if (text.AsSpan().IndexOfAny("<>&\"\r") >= 0)
        {
            text = text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
                .Replace(">", "&gt;", StringComparison.Ordinal).Replace("\"", "&quot;", StringComparison.Ordinal)
                .Replace("\r", "&#xD;", StringComparison.Ordinal);
        }

        Raw(output, text);
    }

    private static void Raw(IBufferWriter<byte> output, string text) => Encoding.UTF8.GetBytes(text, output);

    private static void Raw(IBufferWriter<byte> output, ReadOnlySpan<byte> bytes) => output.Write(bytes);
}
