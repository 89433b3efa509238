namespace Fe2Ps.Core.Spot;

/// <summary>What EC2 does with a spot machine when it needs the room. Source: "Behavior of Spot Instance interruptions" in the EC2 user guide.</summary>
public enum OnInterruption
{
    /// <summary>It terminates the machine; its root disk goes with it. What EC2 does unasked.</summary>
    Terminate,

    /// <summary>It stops the machine, and starts it again with its disks when there is room for its type in its zone.</summary>
    Stop,

    /// <summary>As <see cref="Stop"/>, with its memory: programs go on where they were.</summary>
    Hibernate,
}
