using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Tests.Services;

public sealed class CoverageTests(LocalSandbox sandbox) : IClassFixture<LocalSandbox>
{
    [Fact]
    public void Every_operation_of_the_models_is_answered_and_no_other()
    {
        var models = ServiceModel.LoadAll(Path.Combine(AppContext.BaseDirectory, "models"));
        var known = models.SelectMany(model => model.Value.Operations.Keys.Select(operation => (model.Key, operation))).Order();
        Assert.Equal(known, sandbox.Server.Table.Names.Order());
    }

    [Fact]
    public async Task An_unknown_action_is_refused() => Assert.Equal("InvalidAction", await sandbox.CodeOfAsync("DescribeVpnGateways"));
}
