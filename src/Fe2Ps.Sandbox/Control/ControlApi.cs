using System.Text.Json;
using System.Text.Json.Serialization;
using Fe2Ps.Sandbox.Faults;
using Fe2Ps.Sandbox.Iam;
using Fe2Ps.Sandbox.Services;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Control;

/// <summary>What is the sandbox's own and not AWS's, under <c>/_sandbox/</c>: faults, calls, state, seeds, the caller's address, and lifecycle policies ahead of their times.</summary>
internal sealed class ControlApi(Cloud cloud, OperationTable table, ApiEndpoint endpoint)
{
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public async Task HandleAsync(HttpContext context)
    {
        // A web page that a browser shows here may not reach the sandbox.
        if (context.Request.Headers.ContainsKey("Origin") || context.Request.Host.Host is not ("127.0.0.1" or "localhost"))
        {
            await TextAsync(context, 403, "Only programs of this machine may use this.").ConfigureAwait(false);
            return;
        }

        try
        {
            var path = context.Request.Path.Value!["/_sandbox/".Length..].Split('/');
            var answer = (path[0], context.Request.Method) switch
            {
                ("checkip", "GET") => TextAsync(context, 200, CallerAddress() + "\n"),
                ("calls", "GET") => JsonAsync(context, endpoint.Calls),
                ("calls", "DELETE") => JsonAsync(context, endpoint.ForgetCalls()),
                ("state", "GET") => JsonAsync(context, Locked(() => Summary.Of(cloud))),
                ("faults", "GET") => JsonAsync(context, cloud.Faults.All),
                ("faults", "POST") => AddFaultAsync(context),
                ("faults", "DELETE") => ClearFaultsAsync(context, path.ElementAtOrDefault(1)),
                ("seed", "POST") => SeedAsync(context),
                ("caller-address", "POST") => SetCallerAsync(context),
                ("users", "POST") => MakeUserAsync(context),
                ("policies", "POST") => RunPolicyAsync(context, path.ElementAtOrDefault(1)),
                _ => TextAsync(context, 404, "There is no such thing in the sandbox."),
            };
            await answer.ConfigureAwait(false);
        }
        catch (JsonException error)
        {
            await TextAsync(context, 400, error.Message).ConfigureAwait(false);
        }
        catch (Exception error) when (error is ArgumentException or ApiException)
        {
            await TextAsync(context, 400, error.Message).ConfigureAwait(false);
        }
    }

    private static async Task<T> ReadAsync<T>(HttpContext context)
        => await JsonSerializer.DeserializeAsync<T>(context.Request.Body, Json, context.RequestAborted).ConfigureAwait(false)
            ?? throw new JsonException("The request is empty.");

    private static async Task JsonAsync(HttpContext context, object value)
    {
        context.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(context.Response.Body, value, value.GetType(), Json, context.RequestAborted).ConfigureAwait(false);
    }

    private static Task TextAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    private T Locked<T>(Func<T> read)
    {
        lock (cloud.Gate)
            return read();
    }

    private string CallerAddress() => cloud.CallerAddress ?? cloud.Fabric.CallerAddress.ToString();

    private async Task AddFaultAsync(HttpContext context)
    {
        var fault = await ReadAsync<Fault>(context).ConfigureAwait(false);
        if (FaultKinds.Immediate.Contains(fault.Kind))
        {
            var ids = await InstanceFaults.StrikeAsync(cloud, table, fault, context.RequestAborted).ConfigureAwait(false);
            await JsonAsync(context, new { fault.Kind, Instances = ids }).ConfigureAwait(false);
            return;
        }

        if (!FaultKinds.Standing.Contains(fault.Kind))
            throw new ArgumentException($"There is no fault '{fault.Kind}'. There are: {string.Join(", ", FaultKinds.All)}.");
        await JsonAsync(context, cloud.Faults.Add(fault)).ConfigureAwait(false);
    }

    private Task ClearFaultsAsync(HttpContext context, string? id)
    {
        cloud.Faults.Clear(id);
        return JsonAsync(context, cloud.Faults.All);
    }

    private async Task SeedAsync(HttpContext context)
    {
        var seed = await ReadAsync<Seed>(context).ConfigureAwait(false);
        var made = Locked(() => seed.Sow(cloud));
        await JsonAsync(context, made).ConfigureAwait(false);
    }

    /// <summary>What a lifecycle policy does at its times, now.</summary>
    private async Task RunPolicyAsync(HttpContext context, string? id)
    {
        lock (cloud.Gate)
        {
            var (region, policy) = cloud.State.Regions.Values.Select(region => (region, region.Policies.GetValueOrDefault(id ?? ""))).FirstOrDefault(found => found.Item2 is not null);
            if (policy is null)
                throw new ArgumentException($"There is no policy '{id}'.");
            foreach (var schedule in policy.Details.List("Schedules"))
                table.Lifecycle.Run(region, policy, schedule);
        }

        await JsonAsync(context, new { id }).ConfigureAwait(false);
    }

    private async Task MakeUserAsync(HttpContext context)
    {
        var wish = await ReadAsync<NewUser>(context).ConfigureAwait(false);
        var made = Locked(() => wish.Make(cloud));
        await JsonAsync(context, new { made.Name, made.Arn, made.AccessKey, made.SecretKey }).ConfigureAwait(false);
    }

    private async Task SetCallerAsync(HttpContext context)
    {
        var wanted = await ReadAsync<CallerWish>(context).ConfigureAwait(false);
        if (wanted.Address is not null && !System.Net.IPAddress.TryParse(wanted.Address, out _))
            throw new ArgumentException($"'{wanted.Address}' is no address.");
        cloud.CallerAddress = wanted.Address;
        await TextAsync(context, 200, CallerAddress() + "\n").ConfigureAwait(false);
    }

    /// <param name="Address">What the caller's address is said to be; the true one again when null.</param>
    private sealed record CallerWish(string? Address);
}
