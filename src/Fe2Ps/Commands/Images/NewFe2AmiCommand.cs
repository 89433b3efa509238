using System.Collections;
using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Freezes a machine: its disks become an image, from which machines like it are launched.</summary>
[Cmdlet(VerbsCommon.New, "Fe2Ami", SupportsShouldProcess = true)]
[Alias("Save-Fe2Instance")]
[OutputType(typeof(Image))]
public sealed class NewFe2AmiCommand : Fe2Cmdlet
{
    /// <summary>The machine, by name or id.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("InstanceId")]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    [InstanceName]
    [ValidateNotNullOrEmpty]
    public string Instance { get; set; } = "";

    /// <summary>The image's name; the machine's own without it.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>What is written with the image.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Description { get; set; }

    /// <summary>Does not restart the machine.</summary>
    [Parameter]
    public SwitchParameter NoReboot { get; set; }

    /// <summary>Waits until the image can be launched.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>Takes the place of an image of the same name.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Further tags.</summary>
    [Parameter]
    public Hashtable? Tag { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        SessionOptions where = Where;
        string wanted = Instance;
        var request = new FreezeRequest
        {
            Name = NullIfEmpty(Name),
            Description = NullIfEmpty(Description),
            NoReboot = NoReboot,
            Replace = Force,
            Wait = Wait,
            Tags = Texts.Dictionary(Tag),
        };
        Run(async stop =>
        {
            Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
            Instance instance = await new InstanceQuery(session).GetAsync(wanted, stop).ConfigureAwait(false);
            string restart = InstanceFacts.StateOf(instance) == "running" && !request.NoReboot ? ", restarting the machine" : "";
            string action = $"Freeze into the image '{request.Name ?? InstanceFacts.NameOf(instance) ?? instance.InstanceId}'{restart}";
            if (!await Pump.AskAsync(() => ShouldProcess(InstanceFacts.Label(instance), action)).ConfigureAwait(false)) return;
            Image image = await new ImageFreezer(session, new SshConnector()).FreezeAsync(instance, request, Pump, stop).ConfigureAwait(false);
            await new ImageOutput(Pump, this).WriteAsync([image], session, where, stop).ConfigureAwait(false);
        });
    }
}
