using Fe2Ps.Sandbox.Control;

try
{
    return args switch
    {
        ["serve", .. var rest] => await ServeCommand.RunAsync(ServeOptions.Read(rest)).ConfigureAwait(false),
        _ => throw new FormatException("Say serve."),
    };
}
catch (FormatException error)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}
