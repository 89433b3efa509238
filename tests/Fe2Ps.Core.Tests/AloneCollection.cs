namespace Fe2Ps.Core.Tests;

/// <summary>Tests that need the machine for themselves: they run one by one, after all others.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class AloneCollection;
