using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using Fe2Ps.Sandbox.Iam;
using Fe2Ps.Sandbox.Services;
using Fe2Ps.Sandbox.State;

namespace Fe2Ps.Sandbox.Wire;

/// <summary>One API call as the call list shows it.</summary>
internal sealed record CallRecord(DateTimeOffset Time, string Service, string Operation, string Region, int Status, string? Error, double Milliseconds);

/// <summary>Takes API calls off the wire: finds service and operation, reads, does, answers.</summary>
internal sealed class ApiEndpoint(Cloud cloud, OperationTable table, IReadOnlyDictionary<string, ServiceModel> models)
{
    private readonly ConcurrentQueue<CallRecord> _calls = new();

    public IEnumerable<CallRecord> Calls => _calls;

    /// <summary>Forgets the calls so far; returns how many there were.</summary>
    public object ForgetCalls()
    {
        var count = _calls.Count;
        _calls.Clear();
        return new { forgotten = count };
    }

    public async Task HandleAsync(HttpContext context)
    {
        var started = cloud.Time.GetTimestamp();
        var requestId = Guid.NewGuid().ToString();
        var body = await ReadAsync(context.Request).ConfigureAwait(false);
        var scope = Scope.Read(context.Request);
        var (service, name, pairs, labels) = Recognise(context.Request, body, scope);
        var output = new ArrayBufferWriter<byte>(4096);
        ApiException? failure = null;
        var status = 200;
        try
        {
            if (service.Operations.GetValueOrDefault(name) is not { } operation || table.Find(service.Id, name) is not { } handler)
            {
                throw service.IsJson
                    ? new ApiException("UnknownOperationException", "")
                    : new ApiException("InvalidAction", $"The action {name} is not valid for this web service.");
            }

            if (scope is null)
                throw new ApiException(service.Protocol == "ec2" ? "AuthFailure" : "MissingAuthenticationToken", "Request is missing Authentication Token", service.Protocol == "ec2" ? 401 : 403);
            Signature.Verify(context.Request, body, scope, service, cloud);
            if (cloud.Faults.Meet(service, name) is not { } delay)
            {
                Record(service, name, scope, 0, "connection reset", started);
                context.Abort();
                return;
            }

            if (delay > TimeSpan.Zero)
                await Task.Delay(delay, cloud.Time, context.RequestAborted).ConfigureAwait(false);
            var input = service.Protocol switch
            {
                "rest-json" => JsonWire.Read(operation, body, member => RestWire.Outside(member, context.Request, pairs, labels)),
                "json" => JsonWire.Read(operation, body),
                _ => FormReader.Read(operation, pairs),
            };
            lock (cloud.Gate)
            {
                var call = new Call(cloud, operation, input, service.Id == "pricing" ? PriceList.RegionOf(scope.Region) : scope.Region)
                {
                    Caller = Caller.Find(cloud, scope.AccessKey, scope.Region),
                };
                Gatekeeper.Check(call, service);
                if (input.Is("DryRun"))
                    throw new ApiException("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
                var answer = handler(call);
                if (!name.StartsWith("Describe", StringComparison.Ordinal) && !name.StartsWith("Get", StringComparison.Ordinal))
                    cloud.Changed();
                status = operation.ResponseCode;
                if (service.Protocol == "rest-json" && operation.Output is null)
                    output.ResetWrittenCount();
                else if (service.IsJson)
                    JsonWire.Write(output, operation, answer);
                else
                    XmlAnswer.Write(output, operation, answer, requestId);
            }

            if (cloud.Faults.Strike("lost-answer", name) is not null)
            {
                Record(service, name, scope, 0, "answer lost", started);
                context.Abort();
                return;
            }
        }
        catch (ApiException error)
        {
            failure = error;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            cloud.Log(error.ToString());
            failure = new ApiException("InternalError", $"The sandbox failed: {error.Message}", 500);
        }

        if (failure is not null)
            status = service.StatusOf(failure);
        Record(service, name, scope, status, failure?.Code, started);
        await AnswerAsync(context, service, output, failure, status, requestId).ConfigureAwait(false);
    }

    private static async Task AnswerAsync(HttpContext context, ServiceModel service, ArrayBufferWriter<byte> output, ApiException? failure, int status, string requestId)
    {
        if (failure is not null)
        {
            output.ResetWrittenCount();
            if (service.Protocol == "rest-json")
                RestWire.WriteError(output, context.Response, service, failure);
            else if (service.IsJson)
                JsonWire.WriteError(output, failure);
            else
                XmlAnswer.WriteError(output, service, failure, requestId);
        }

        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = service.Protocol switch
        {
            "rest-json" => "application/json",
            "json" => "application/x-amz-json-1.1",
            _ => "text/xml;charset=UTF-8",
        };
        response.Headers["x-amzn-RequestId"] = requestId;
        if (status == 204)
            return;
        response.ContentLength = output.WrittenCount;
        await response.Body.WriteAsync(output.WrittenMemory, context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request)
    {
        using var buffer = new MemoryStream();
        await request.Body.CopyToAsync(buffer, request.HttpContext.RequestAborted).ConfigureAwait(false);
        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }

    // The target header names the json services; else the credential scope does, else the API version.
    private (ServiceModel Service, string Operation, List<KeyValuePair<string, string>> Pairs, Dictionary<string, string> Labels) Recognise(HttpRequest request, ReadOnlyMemory<byte> body, Scope? scope)
    {
        var target = request.Headers["X-Amz-Target"].ToString();
        if (target.Length > 0)
        {
            var dot = target.LastIndexOf('.');
            var service = models.Values.FirstOrDefault(model => dot > 0 && model.TargetPrefix == target[..dot]);
            return (service ?? models["ssm"], target[(dot + 1)..], [], []);
        }

        var pairs = FormReader.Split(request.QueryString.HasValue ? request.QueryString.Value![1..] : "");
        var signed = models.Values.FirstOrDefault(model => model.SigningName == scope?.Service && model.Protocol != "json");
        if (signed?.Protocol == "rest-json")
        {
            var (operation, labels) = RestWire.Route(signed, request);
            return (signed, operation, pairs, labels);
        }

        pairs.AddRange(FormReader.Split(Encoding.UTF8.GetString(body.Span)));
        var action = pairs.FirstOrDefault(pair => pair.Key == "Action").Value ?? "";
        var version = pairs.FirstOrDefault(pair => pair.Key == "Version").Value;
        return (signed ?? models.Values.FirstOrDefault(other => other.Version == version) ?? models["ec2"], action, pairs, []);
    }

    private void Record(ServiceModel service, string operation, Scope? scope, int status, string? error, long started)
        => _calls.Enqueue(new CallRecord(
            cloud.Now, service.Id, operation, scope?.Region ?? "", status, error, Math.Round(cloud.Time.GetElapsedTime(started).TotalMilliseconds, 2)));
}
