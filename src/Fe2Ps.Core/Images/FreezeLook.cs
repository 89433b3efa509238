using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Images;

/// <summary>
/// A look at a machine before it is frozen: what jobs need and it has not, and what still runs on it. A courtesy: it is short, changes
/// nothing, and whatever keeps it from being taken never keeps the machine from being frozen.
/// </summary>
internal sealed class FreezeLook(Fe2Session session, ISshConnector connector, IProgress<Fe2Report>? report)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    /// <summary>With <c>sync</c>, which a full disk cache makes slow.</summary>
    private static readonly TimeSpan LongPatience = TimeSpan.FromSeconds(15);

    /// <summary>What a job needs on its machine. Non-login shells may lack the sbin folders.</summary>
    private const string Look = """
        for program in tmux lsyncd rsync; do
            command -v $program >/dev/null 2>&1 || [ -x /usr/bin/$program ] || [ -x /usr/sbin/$program ] || echo "missing $program"
        done
        for job in ~/.fe2/jobs/*; do
            name=$(cat "$job/name" 2>/dev/null) || continue
            case $(head -n 1 "$HOME/fastec2/$name/.fe2/state" 2>/dev/null) in
                starting | running | flushing) echo "runs $name" ;;
            esac
        done
        """;

    /// <summary>Warns of what the caller may not know.</summary>
    public async Task TakeAsync(Instance instance, FreezeRequest request, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(request.NoReboot ? LongPatience : Patience, session.Clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            SshTarget target = await new InstanceTargets(session).ForAsync(instance, cancellationToken: both.Token).WaitAsync(both.Token).ConfigureAwait(false);
            await using ISshSession ssh = await connector.OpenAsync(target, both.Token).WaitAsync(both.Token).ConfigureAwait(false);

            // Without a restart, what the machine has not written to its disk yet would not be in the image.
            string command = request.NoReboot ? $"{Look}\nsync" : Look;
            SshResult seen = await ssh.RunAsync(command, null, both.Token).WaitAsync(both.Token).ConfigureAwait(false);
            Tell(instance, request, seen.OutputText);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is not OutOfMemoryException)
        {
            string why = e is OperationCanceledException ? "it did not answer over ssh in time" : e.Message;
            report?.Report(new VerboseReport($"What {InstanceFacts.Label(instance)} lacks could not be looked at: {why}"));
        }
    }

    private void Tell(Instance instance, FreezeRequest request, string seen)
    {
        ILookup<string, string> facts = seen.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', 2)).Where(line => line.Length == 2)
            .ToLookup(line => line[0], line => line[1].Trim());
        string name = InstanceFacts.NameOf(instance) ?? instance.InstanceId;
        string[] missing = [.. facts["missing"]];
        if (missing.Length > 0)
        {
            report?.Report(new WarningReport(
                $"{name} has no {string.Join(", ", missing)}, which Invoke-Fe2Script needs; each machine from this image would have to install "
                + $"{(missing.Length == 1 ? "it" : "them")} first. Install {(missing.Length == 1 ? "it" : "them")} here (sudo apt install -y {string.Join(' ', missing)}) and freeze again."));
        }

        if (facts["runs"].FirstOrDefault() is { } job)
        {
            report?.Report(new WarningReport(
                $"The job '{job}' runs on {name}. {(request.NoReboot ? "The image gets its files as they are at this moment." : "The restart ends its script.")}"));
        }
    }
}
