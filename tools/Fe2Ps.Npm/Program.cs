using Fe2Ps.Npm;

if (args is not [var lockFile, var folder])
{
    Console.Error.WriteLine("""
        Usage: Fe2Ps.Npm PACKAGE-LOCK.JSON FOLDER

        Brings the packages that the lock file names into FOLDER/node_modules, each only if its hash is the lock file's, and runs
        nothing of them. The registry is npm's own choice: npm_config_registry, the .npmrc beside the lock file, ~/.npmrc, the global
        npmrc, else npm's own registry.
        """);
    return 2;
}

try
{
    var registry = NpmSettings.Find(Path.GetDirectoryName(Path.GetFullPath(lockFile))!);
    using var store = new PackageStore(registry);
    foreach (var package in LockedPackage.Read(lockFile))
        await store.BringAsync(package, folder).ConfigureAwait(false);
    return 0;
}
catch (NpmException failure)
{
    // MSBuild takes a line of this form for an error of its own.
    Console.Error.WriteLine($"Fe2Ps.Npm : error NPM1: {failure.Message}");
    return 1;
}
