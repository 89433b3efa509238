using Fe2Ps.Core.Tests.Vm;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>
/// The memory of a script, kept on one machine and brought back on another one: the project's own job scripts and Debian's own kernel and
/// CRIU, in two virtual machines after each other.
/// </summary>
[Collection("alone")]
public sealed class CheckpointVmTests
{
    [VmFact]
    public async Task WhatAScriptKnewIsThereOnTheNextMachine()
    {
        using SmallVm vm = await SmallVm.MakeAsync();
        string first = await vm.BootAsync("Spot/checkpoint-vm.sh", "jobs");
        SmallVm.Said("VM 1: checkpoint: 0", first);
        // Numbers that no program of the next machine's start has.
        SmallVm.Said(@"VM 1: held by process 1\d{4} of 32768\b", first);
        SmallVm.Said("VM 1: killed after line", first);

        string second = await vm.BootAsync("Spot/checkpoint-vm.sh", "jobs");
        // One beginning, on the first machine; every line once and in order, with what only its memory knew.
        SmallVm.Said("VM 2: begins 1, exit code 7, set aside: new", second);
        SmallVm.Said(@"VM 2: lines [1-9]\d+, in order yes, secrets 1\b", second);
        SmallVm.Said(@"VM 2: held open [1-9]\d+, output: the end of \d+", second);
    }
}
