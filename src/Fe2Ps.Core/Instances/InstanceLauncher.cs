using System.Net;
using Amazon.EC2;
using Amazon.EC2.Model;
using Amazon.Runtime;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Instances;

/// <summary>
/// Launches machines by name. A launch that fails ends what it started; one that is interrupted says what runs.
/// Sources of the rules: RunInstances in the EC2 API reference, and seed 000 (the name, the wait for ssh, spot).
/// </summary>
public sealed class InstanceLauncher(Fe2Session session, ISshConnector connector)
{
    /// <summary>How long a cancelled call may still take before the caller gets the prompt back.</summary>
    private static readonly TimeSpan CancellationGrace = TimeSpan.FromMilliseconds(700);

    private readonly LaunchCleanup cleanup = new(session);

    /// <summary>Launches, and returns when a command over ssh works on every machine.</summary>
    /// <returns>The instances as they are then, in the order of their names.</returns>
    /// <exception cref="Fe2Exception">
    /// <c>NameTaken</c>, <c>NameInvalid</c>, <c>ImageNotFound</c>, <c>InstanceTypeNotFound</c>, <c>DiskTooSmall</c>, <c>PrivateKeyMissing</c>,
    /// <c>CallerAddressUnknown</c>, <c>NoCapacity</c> with what was tried, <c>QuotaExceeded</c>, <c>InstanceEnded</c>, <c>InstanceNotReady</c>, ...
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled; its message, and a warning before it, say what runs.</exception>
    public Task<IReadOnlyList<Instance>> LaunchAsync(
        LaunchRequest request, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default)
    {
        string activity = $"Launching {request.Name}{(request.Count > 1 ? $"-1 to {request.Name}-{request.Count}" : "")}";
        return session.GuardAsync($"launch {request.Name}", request.Name, async () =>
        {
            report?.Report(new ProgressReport(activity, "Choosing image, network and key", 0));
            LaunchPlan plan = await new LaunchPreparation(session).RunAsync(request, report, cancellationToken).ConfigureAwait(false);
            new PriceBook(session).Warm(plan.Type.InstanceType.Value);
            List<Instance> started = await StartAsync(plan, activity, report, cancellationToken).ConfigureAwait(false);
            try
            {
                return await FinishAsync(plan, started, activity, report, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException e) when (cancellationToken.IsCancellationRequested)
            {
                throw Interrupted(started, report, e, cancellationToken);
            }
            catch (Exception e) when (request.KeepOnFailure && e is not Fe2Exception { Id: "NameTaken" })
            {
                throw With(ErrorTranslation.Translate(e, session, $"launch {request.Name}", request.Name),
                    $"Still running and costing money, as -KeepOnFailure asks: {string.Join(", ", started.Select(i => i.InstanceId))}.");
            }
            catch (Exception e)
            {
                report?.Report(new ProgressReport(activity, "Failed; ending what was started"));
                throw With(ErrorTranslation.Translate(e, session, $"launch {request.Name}", request.Name),
                    await EndAsync(plan, started, isCertain: true, report, cancellationToken).ConfigureAwait(false));
            }
        });
    }

    private async Task<List<Instance>> StartAsync(
        LaunchPlan plan, string activity, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var tried = new List<string>();
        AmazonEC2Exception? last = null;
        for (int attempt = 0; attempt < plan.Subnets.Count; attempt++)
        {
            Subnet subnet = plan.Subnets[attempt];
            report?.Report(new ProgressReport(activity, $"Asking for {plan.Request.Count} {plan.Type.InstanceType.Value} in {subnet.AvailabilityZone}", 10));
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                RunInstancesResponse answer = await CallAsync(plan, subnet, attempt, report, cancellationToken).ConfigureAwait(false);
                List<Instance> started = [.. answer.Reservation.Instances.OrderBy(i => i.AmiLaunchIndex ?? 0)];
                report?.Report(new VerboseReport($"{subnet.AvailabilityZone}: {string.Join(", ", started.Select(i => i.InstanceId))}"));
                return started;
            }
            catch (AmazonEC2Exception e) when (e.ErrorCode is { } code && (ErrorTranslation.IsCapacity(code) || code == "Unsupported"))
            {
                last = e;
                tried.Add($"{subnet.AvailabilityZone}: {code}");
                report?.Report(new VerboseReport($"{subnet.AvailabilityZone}: {e.Message} ({code})"));
                if (plan.Request.Spot && await cleanup.CancelSpotRequestsAsync(plan.Id, CancellationToken.None).ConfigureAwait(false) is { } open)
                    report?.Report(new WarningReport(open));
            }
            catch (Exception e) when (!IsCancellation(e, cancellationToken))
            {
                string end = await EndAsync(plan, [], IsRefusal(e), report, cancellationToken).ConfigureAwait(false);
                throw With(ErrorTranslation.Translate(e, session, $"launch {plan.Request.Name}", plan.Request.Name), end);
            }
        }

        bool isPrice = last?.ErrorCode is "SpotMaxPriceTooLow";
        throw new Fe2Exception(
            isPrice ? "SpotPriceTooLow" : "NoCapacity", Fe2ErrorKind.Capacity,
            $"AWS has no room for {plan.Request.Count} {(plan.Request.Spot ? "spot " : "")}{plan.Type.InstanceType.Value} now. Tried {string.Join(", ", tried)}. Nothing was started.",
            isPrice ? "Raise -MaxPrice, or leave it out."
                : $"Try another type{(plan.Request.Zone is null ? "" : ", other zones (without -Zone)")}{(plan.Request.Spot ? ", on-demand (without -Spot)" : "")}, another region, or again later.",
            plan.Request.Name, last);
    }

    /// <summary>RunInstances is never cancelled half-way: its answer is the only sure news of what runs.</summary>
    private async Task<RunInstancesResponse> CallAsync(
        LaunchPlan plan, Subnet subnet, int attempt, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        Task<RunInstancesResponse> call = CallUncancelledAsync(plan, subnet, attempt, cancellationToken);
        try
        {
            return await call.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAny(call, Task.Delay(CancellationGrace, session.Clock, CancellationToken.None)).ConfigureAwait(false);
            if (call.IsCompletedSuccessfully)
                throw Interrupted([.. call.Result.Reservation.Instances], report, e, cancellationToken);
            bool isRefused = call.IsCompleted && await FailureOfAsync(call).ConfigureAwait(false) is { } failure
                && (IsRefusal(failure) || IsCancellation(failure, cancellationToken));
            _ = EndWhenAnsweredAsync(plan, call, isRefused ? null : report, cancellationToken);
            string message = $"Launching {plan.Request.Name} was interrupted" + (isRefused
                ? "; nothing was started."
                : (call.IsCompleted ? ", and EC2's answer was lost. What it may have started is looked for and ended" : " while EC2 had the order. It is ended when the answer comes")
                    + $"; if this process ends before, look with Get-Fe2Instance {plan.Request.Name}* -Region {session.Region} and use Remove-Fe2Instance.");
            report?.Report(new WarningReport(message));
            throw new OperationCanceledException(message, e, cancellationToken);
        }
    }

    /// <summary>What is cancelled is only the pause after a refusal; an order that EC2 has is waited for.</summary>
    private Task<RunInstancesResponse> CallUncancelledAsync(LaunchPlan plan, Subnet subnet, int attempt, CancellationToken cancellationToken) =>
        // The key pair and the group may have been made a moment ago.
        FreshRetry.RunAsync(
            session, () => session.Ec2.RunInstancesAsync(plan.CallFor(subnet, attempt, session.Environment), CancellationToken.None), cancellationToken);

    private async Task EndWhenAnsweredAsync(
        LaunchPlan plan, Task<RunInstancesResponse> call, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        Exception? failure = await FailureOfAsync(call).ConfigureAwait(false);
        List<Instance> started = failure is null ? [.. call.Result.Reservation.Instances] : [];
        bool isCertain = failure is null || IsRefusal(failure) || IsCancellation(failure, cancellationToken);
        string end = await cleanup.EndAsync(plan.Id, plan.Request.Name, started, isCertain, plan.Request.Spot).ConfigureAwait(false);
        report?.Report(new WarningReport($"Launching {plan.Request.Name} was interrupted. {end}"));
    }

    /// <summary>Ends a launch that failed. Ctrl+C does not keep that from happening: it says what is going on, and what came of it.</summary>
    private async Task<string> EndAsync(
        LaunchPlan plan, IReadOnlyList<Instance> started, bool isCertain, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        string what = started.Count > 0 ? string.Join(", ", started.Select(i => i.InstanceId)) : "what may have been started";
        using CancellationTokenRegistration interruption = cancellationToken.Register(() => report?.Report(new WarningReport(
            $"Launching {plan.Request.Name} failed, and {what} is being ended; if this process ends before, look with "
            + $"Get-Fe2Instance {plan.Request.Name}* -Region {session.Region} and use Remove-Fe2Instance.")));
        string end = await cleanup.EndAsync(plan.Id, plan.Request.Name, started, isCertain, plan.Request.Spot).ConfigureAwait(false);
        if (cancellationToken.IsCancellationRequested)
            report?.Report(new WarningReport($"Launching {plan.Request.Name} failed. {end}"));
        return end;
    }

    /// <summary>True for EC2's own word that it started nothing. Anything else, a lost answer or trouble of its own, leaves that open.</summary>
    private static bool IsRefusal(Exception e) =>
        e is AmazonServiceException { ErrorCode: { Length: > 0 } code, StatusCode: var status }
        && (ErrorTranslation.IsCapacity(code)
            || status is >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError and not HttpStatusCode.RequestTimeout);

    /// <summary>An HTTP client that gives up throws a cancellation too, but not the caller's.</summary>
    private static bool IsCancellation(Exception e, CancellationToken cancellationToken) =>
        e is OperationCanceledException cancelled && cancellationToken.IsCancellationRequested && cancelled.CancellationToken == cancellationToken;

    private static async Task<Exception?> FailureOfAsync(Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
            return null;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return e;
        }
    }

    private async Task<IReadOnlyList<Instance>> FinishAsync(
        LaunchPlan plan, List<Instance> started, string activity, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        NameClaim claim = InstanceClaim.Of(session);
        if (plan.Request.Count > 1)
            await NameEachAsync(plan, started, cancellationToken).ConfigureAwait(false);
        if (plan.Request.NoWait)
        {
            await ConfirmAsync(claim, plan, started, null, cancellationToken).ConfigureAwait(false);
            return started;
        }

        report?.Report(new ProgressReport(activity, $"{string.Join(", ", started.Take(3).Select(i => i.InstanceId))} starting", 20));
        var readiness = new InstanceReadiness(session, connector);
        IReadOnlyList<Instance> ready = await readiness.WaitAsync(
            started, plan.Key.PrivateFile, plan.User, plan.Request.ReadyTimeout, activity, report, cancellationToken).ConfigureAwait(false);
        await ConfirmAsync(claim, plan, started, readiness.SeenAt, cancellationToken).ConfigureAwait(false);
        return ready;
    }

    private static Task ConfirmAsync(NameClaim claim, LaunchPlan plan, List<Instance> started, DateTimeOffset? seenAt, CancellationToken cancellationToken) =>
        claim.ConfirmAsync(plan.Id, plan.Request.InstanceNames(), started[0].InstanceId, started.Min(i => i.LaunchTime), seenAt, cancellationToken);

    /// <summary>All of a launch carry the common name from the first moment; each gets its own right after.</summary>
    private async Task NameEachAsync(LaunchPlan plan, List<Instance> started, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> names = plan.Request.InstanceNames();
        await Parallel.ForEachAsync(
            started.Zip(names),
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken },
            async (pair, token) =>
            {
                (Instance instance, string name) = pair;
                List<string> resources = [instance.InstanceId];
                if (!string.IsNullOrEmpty(instance.SpotInstanceRequestId))
                    resources.Add(instance.SpotInstanceRequestId);
                resources.AddRange(instance.BlockDeviceMappings.Select(b => b.Ebs?.VolumeId).OfType<string>());
                await FreshRetry.RunAsync(
                    session, () => session.Ec2.CreateTagsAsync(new CreateTagsRequest { Resources = resources, Tags = [new Tag(TagNames.Name, name)] }, token), token).ConfigureAwait(false);
                instance.Tags.RemoveAll(t => t.Key == TagNames.Name);
                instance.Tags.Add(new Tag(TagNames.Name, name));
            }).ConfigureAwait(false);
    }

    private OperationCanceledException Interrupted(
        IReadOnlyList<Instance> started, IProgress<Fe2Report>? report, Exception inner, CancellationToken cancellationToken)
    {
        string ids = string.Join(",", started.Select(i => i.InstanceId));
        string message = $"Interrupted. Still running and costing money: {string.Join(", ", started.Select(InstanceFacts.Label))}. "
            + $"To go on waiting: Wait-Fe2Instance {ids} -State ready. To end: Remove-Fe2Instance {ids}";
        report?.Report(new WarningReport(message));
        return new OperationCanceledException(message, inner, cancellationToken);
    }

    private static Fe2Exception With(Fe2Exception e, string more) => new(e.Id, e.Kind, $"{e.Message} {more}", e.NextStep, e.Target, e.InnerException ?? e);
}
