using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Core;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Commands;

/// <summary>Removes images with their snapshots: nothing can be launched from them any more.</summary>
[Cmdlet(VerbsCommon.Remove, "Fe2Ami", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(Image))]
public sealed class RemoveFe2AmiCommand : ImageActionCmdlet
{
    /// <summary>Also where an instance or a launch template uses it.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Hands the removed images on.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Image> images, CancellationToken stop)
    {
        IReadOnlyList<Image> confirmed = await Pump.AskAsync<IReadOnlyList<Image>>(
            () => [.. images.Where(i => ShouldProcess(ImageFacts.Label(i), $"Deregister, and delete {Snapshots(i)}"))]).ConfigureAwait(false);
        await new ImageRemoval(session).RemoveAllAsync(
            confirmed, Force,
            async (image, problem) =>
            {
                if (problem is not null) await WriteErrorAsync(problem).ConfigureAwait(false);
                else if (PassThru) await new ImageOutput(Pump, this).WriteAsync([image], session, where, stop).ConfigureAwait(false);
            },
            Pump, stop).ConfigureAwait(false);
    }

    private static string Snapshots(Image image) => ImageFacts.SnapshotIds(image).Count is var count && count == 1 ? "its snapshot" : $"its {count} snapshots";
}
