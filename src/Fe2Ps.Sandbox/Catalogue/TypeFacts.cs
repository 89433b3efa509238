namespace Fe2Ps.Sandbox.Catalogue;

/// <summary>GPUs of an instance type.</summary>
internal sealed record GpuFacts(string Maker, string Name, int Count, int MemoryMiB);

/// <summary>What is publicly known of an instance type.</summary>
/// <param name="Price">Dollars per hour, Linux on demand, us-east-1.</param>
internal sealed record TypeFacts(
    string Name, string Family, string Architecture, string Maker, double ClockGHz, int VCpus, int Cores, long MemoryMiB, string Network, int Interfaces,
    int AddressesPerInterface, bool Nitro, bool Burstable, bool Current, int DiskGB, int Disks, GpuFacts? Gpu, double Price)
{
    public string Size => Name[(Name.IndexOf('.') + 1)..];

    public bool Metal => Size.StartsWith("metal", StringComparison.Ordinal);
}
