using Microsoft.Win32.SafeHandles;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>One instance's host: stopped, or running with a first process.</summary>
internal sealed class ContainerHost(HostSpec spec)
{
    /// <summary>One change of state at a time.</summary>
    public SemaphoreSlim Turn { get; } = new(1);

    public HostSpec Spec { get; set; } = spec;

    /// <summary>The first process while it runs.</summary>
    public Run? Running { get; set; }

    /// <summary>Whether it hibernates: its processes stand still.</summary>
    public bool Sleeps { get; set; }

    /// <summary>One life from start to end.</summary>
    internal sealed class Run(int pid, SafeFileHandle process)
    {
        public int Pid { get; } = pid;

        public SafeFileHandle Process { get; } = process;

        /// <summary>Set when its end was asked for through the fabric, so that nobody is told of it.</summary>
        public bool EndIsExpected { get; set; }

        /// <summary>Done when the process has ended and everything of it is cleaned up.</summary>
        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
