using Fe2Ps.Sandbox.Control;

const string Usage = """
    Fe2Ps.Sandbox: a local EC2 for rehearsal and tests.

      serve [--port 4566] [--state DIR] [--hosts container|process|none] [--speed realistic|fast]
            [--late-visibility SECONDS] [--keep-disks DIR] [--exit-with PID]
          Serves until Ctrl+C. Prints the environment that points an AWS client at it, then: ready
      faults add KIND [--operation NAME] [--times N] [--rate 0..1] [--every N] [--status 500|503] [--code CODE] [--zone ZONE]
                 [--instance-type TYPE] [--market spot|on-demand] [--seconds S] [--instance ID-OR-NAME] [--action ACTION]
      faults list
      faults clear [ID]
          Against the sandbox at --endpoint URL, else AWS_ENDPOINT_URL, else port 4566.
    """;

try
{
    switch (args)
    {
        case ["serve", .. var rest]:
            return await ServeCommand.RunAsync(ServeOptions.Read(rest)).ConfigureAwait(false);
        case ["faults", .. var rest]:
            return await FaultsCommand.RunAsync(rest).ConfigureAwait(false);
        case ["--help" or "-h" or "help", ..]:
            Console.WriteLine(Usage);
            return 0;
        default:
            Console.Error.WriteLine(Usage);
            return 2;
    }
}
catch (FormatException error)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}
catch (Exception error) when (error is IOException or PlatformNotSupportedException or InvalidDataException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}
