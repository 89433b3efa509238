using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Core;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Images on their way into the pipeline; those that are still being made say how far they are.</summary>
internal sealed class ImageOutput(PipelinePump pump, Cmdlet cmdlet)
{
    public async Task WriteAsync(IReadOnlyList<Image> images, Fe2Session session, SessionOptions where, CancellationToken stop)
    {
        Image[] pending = [.. images.Where(i => ImageFacts.StateOf(i) == "pending")];
        IReadOnlyDictionary<string, int> percents = pending.Length == 0
            ? new Dictionary<string, int>() : await PercentAsync(pending, session, stop).ConfigureAwait(false);
        await pump.DoAsync(() =>
        {
            foreach (Image image in images)
            {
                PSObject dressed = Dressed.Image(image, session, where);
                if (percents.TryGetValue(image.ImageId, out int percent))
                    dressed.Members.Add(new PSNoteProperty("Progress", percent));
                cmdlet.WriteObject(dressed);
            }
        }).ConfigureAwait(false);
    }

    private static async Task<IReadOnlyDictionary<string, int>> PercentAsync(Image[] pending, Fe2Session session, CancellationToken stop)
    {
        try
        {
            return await new ImageWaiter(session).PercentAsync(pending, stop).ConfigureAwait(false);
        }
        catch (Fe2Exception)
        {
            // The percentage is a courtesy: who may not look at snapshots still sees the images.
            return new Dictionary<string, int>();
        }
    }
}
