using System.Globalization;
using System.Text;

namespace Fe2Ps.Sandbox.Wire;

/// <summary>Reads a request of the ec2 and query protocols: a form whose names are dotted paths into the model.</summary>
internal static class FormReader
{
    private static readonly HashSet<string> s_envelope = new(StringComparer.Ordinal)
    {
        "Action", "Version", "AWSAccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "Timestamp", "SecurityToken", "Expires",
    };

    /// <summary>Splits an encoded form into its pairs, in order.</summary>
    public static List<KeyValuePair<string, string>> Split(string form)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var range in form.AsSpan().Split('&'))
        {
            var part = form.AsSpan(range);
            if (part.IsEmpty)
                continue;
            var equals = part.IndexOf('=');
            var name = equals < 0 ? part : part[..equals];
            var value = equals < 0 ? default : part[(equals + 1)..];
            pairs.Add(new(Decode(name), Decode(value)));
        }

        return pairs;
    }

    /// <summary>Turns the pairs into the input that the model describes; refuses what it does not.</summary>
    public static Fields Read(Operation operation, IEnumerable<KeyValuePair<string, string>> pairs)
    {
        var root = new Raw();
        foreach (var (name, value) in pairs)
        {
            if (s_envelope.Contains(name) || name.StartsWith("X-Amz-", StringComparison.Ordinal))
                continue;
            var node = root;
            foreach (var range in name.AsSpan().Split('.'))
                node = node.Child(name[range]);
            node.Value = value;
        }

        if (operation.Input is null)
        {
            if (root.Children is { Count: > 0 })
                throw ApiException.Unknown(root.Children.First().Key);
            return [];
        }

        return Structure(operation.Input, root, "", operation.Service.Protocol == "ec2");
    }

    private static string Decode(ReadOnlySpan<char> text)
        => text.IndexOfAny('%', '+') < 0 ? text.ToString() : Uri.UnescapeDataString(text.ToString().Replace('+', ' '));

    private static Fields Structure(Shape shape, Raw raw, string path, bool ec2)
    {
        var fields = new Fields();
        var known = 0;
        foreach (var (name, member) in shape.Members)
        {
            var wire = ec2 ? member.Ec2Name : member.LocationName;
            if (raw.Children is null || !raw.Children.TryGetValue(wire, out var child))
                continue;
            known++;
            fields[name] = Value(member.Shape, child, path + wire, ec2);
        }

        if (raw.Children is not null && known < raw.Children.Count)
        {
            var names = shape.Members.Values.Select(member => ec2 ? member.Ec2Name : member.LocationName).ToHashSet(StringComparer.Ordinal);
            throw ApiException.Unknown(path + raw.Children.Keys.First(key => !names.Contains(key)));
        }

        foreach (var name in shape.Required)
        {
            if (!fields.Has(name))
                throw ApiException.Missing(path + (ec2 ? shape.Members[name].Ec2Name : name));
        }

        return fields;
    }

    private static object Value(Shape shape, Raw raw, string path, bool ec2)
    {
        switch (shape.Type)
        {
            case ShapeType.Structure:
                return Structure(shape, raw, path + ".", ec2);
            case ShapeType.List:
                if (!ec2 && raw.Children is not null && raw.Children.TryGetValue("member", out var wrapped))
                    raw = wrapped;
                var items = new SortedDictionary<int, Raw>();
                foreach (var (key, child) in raw.Children ?? [])
                {
                    if (!int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var index))
                        throw ApiException.Unknown($"{path}.{key}");
                    items[index] = child;
                }

                // Some old clients send a list of one as a plain parameter; EC2 takes an empty one for an empty list.
                if (items.Count == 0 && !string.IsNullOrEmpty(raw.Value))
                    items[1] = raw;
                return items.Select(item => Value(shape.Element!.Shape, item.Value, $"{path}.{item.Key}", ec2)).ToList();
            default:
                if (raw.Children is { Count: > 0 })
                    throw ApiException.Unknown($"{path}.{raw.Children.First().Key}");
                return Scalar(shape, raw.Value ?? "", path);
        }
    }

    /// <summary>A plain value as a form or a query writes it.</summary>
    public static object Scalar(Shape shape, string text, string path)
    {
        switch (shape.Type)
        {
            case ShapeType.Integer or ShapeType.Long:
                if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                    || (shape.Type == ShapeType.Integer && (int)number != number))
                {
                    throw ApiException.BadValue(text, path, "Parameter must be an integer.");
                }

                if (number < shape.Min)
                    throw ApiException.BadValue(text, path, $"Expecting a value of at least {shape.Min}.");
                if (number > shape.Max)
                    throw ApiException.BadValue(text, path, $"Expecting a value of at most {shape.Max}.");
                return number;
            case ShapeType.Double:
                return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real)
                    ? real : throw ApiException.BadValue(text, path, "Parameter must be a number.");
            case ShapeType.Boolean:
                return text switch
                {
                    _ when text.Equals("true", StringComparison.OrdinalIgnoreCase) => true,
                    _ when text.Equals("false", StringComparison.OrdinalIgnoreCase) => false,
                    _ => throw ApiException.BadValue(text, path, "Parameter must be a boolean."),
                };
            case ShapeType.Timestamp:
                return Timestamps.TryRead(text, out var time)
                    ? time : throw ApiException.BadValue(text, path, "Parameter must be a date and time in ISO 8601 form.");
            case ShapeType.Blob:
                try
                {
                    return Convert.FromBase64String(text);
                }
                catch (FormatException)
                {
                    throw ApiException.BadValue(text, path, "Parameter must be base64.");
                }

            default:
                // An unknown instance type has an error of its own, which the services give.
                if (shape.Values is not null && shape.Name != "InstanceType" && !shape.Values.Contains(text))
                    throw ApiException.BadValue(text, path);
                return text;
        }
    }

    private sealed class Raw
    {
        public string? Value { get; set; }

        public Dictionary<string, Raw>? Children { get; private set; }

        public Raw Child(string name)
        {
            Children ??= new(StringComparer.Ordinal);
            if (!Children.TryGetValue(name, out var child))
                Children[name] = child = new Raw();
            return child;
        }
    }
}
