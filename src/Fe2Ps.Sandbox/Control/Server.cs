using System.Net;
using Fe2Ps.Sandbox.Hosts;
using Fe2Ps.Sandbox.Services;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Fe2Ps.Sandbox.Control;

/// <summary>The sandbox as a running server.</summary>
internal sealed class Server : IAsyncDisposable
{
    private readonly WebApplication _application;

    private Server(WebApplication application, Cloud cloud, OperationTable table, ApiEndpoint endpoint) =>
        (_application, Cloud, Table, Endpoint) = (application, cloud, table, endpoint);

    public Cloud Cloud { get; }

    public OperationTable Table { get; }

    public ApiEndpoint Endpoint { get; }

    public string Address { get; private set; } = "";

    public static async Task<Server> StartAsync(Cloud cloud, int port, CancellationToken cancellationToken)
    {
        var models = ServiceModel.LoadAll(Path.Combine(AppContext.BaseDirectory, "models"));
        LaunchRules.KnownNames = models["ec2"].Operations["RunInstances"].Input!.Members["InstanceType"].Shape.Values ?? [];
        var table = new OperationTable(cloud);
        var relaunch = new SpotRelaunch(cloud, table, models["ec2"].Operations["RunInstances"]);
        var endpoint = new ApiEndpoint(cloud, table, models);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(2));
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Listen(IPAddress.Loopback, port);
        });
        var application = builder.Build();
        var control = new ControlApi(cloud, table, endpoint);
        application.Run(context => context.Request.Path.StartsWithSegments("/_sandbox", StringComparison.Ordinal)
            ? control.HandleAsync(context) : endpoint.HandleAsync(context));
        lock (cloud.Gate)
        {
            Awakening.Wake(cloud, table);
            relaunch.Resume();
            table.Lifecycle.Start(models["ec2"].Operations["CreateSnapshot"]);
            table.Scaling.Start(models["ec2"].Operations["RunInstances"]);
        }

        await application.StartAsync(cancellationToken).ConfigureAwait(false);
        var server = new Server(application, cloud, table, endpoint);
        server.Address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync().ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
    }
}
