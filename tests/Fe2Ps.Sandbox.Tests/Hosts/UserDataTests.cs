using System.Text;
using Fe2Ps.Sandbox.Hosts;

namespace Fe2Ps.Sandbox.Tests.Hosts;

public sealed class UserDataTests(FabricFixture fixture) : IClassFixture<FabricFixture>
{
    [ContainerFact]
    public async Task A_script_runs_once_as_root_at_the_first_boot()
    {
        var spec = await fixture.StartAsync("#!/bin/bash\necho \"hello from $(id -un)\"; echo ran >>/root/runs; false");
        await UntilBootedAsync(spec);

        Assert.Contains("hello from root\n", fixture.Fabric.ConsoleOutput(spec.InstanceId), StringComparison.Ordinal);
        await fixture.Fabric.StopAsync(spec.InstanceId, force: false, CancellationToken.None);
        await fixture.Fabric.StartAsync(spec, CancellationToken.None);
        await fixture.UntilSshAsync(spec);
        await UntilBootedAsync(spec);
        Assert.Equal("ran", await fixture.SshAsync(spec, "sudo cat /root/runs"));
        Assert.Contains("hello from root", await fixture.SshAsync(spec, "sudo cat /var/log/cloud-init-output.log"), StringComparison.Ordinal);
    }

    [ContainerFact]
    public async Task Cloud_config_writes_files_sets_host_keys_and_runs_commands()
    {
        var folder = Directory.CreateTempSubdirectory("hosts-tests-key-").FullName;
        await Commands.RunAsync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "given", "-f", folder + "/key"], CancellationToken.None);
        var key = string.Join("\n    ", (await File.ReadAllTextAsync(folder + "/key")).TrimEnd('\n').Split('\n'));
        var half = (await File.ReadAllTextAsync(folder + "/key.pub")).Trim();
        Directory.Delete(folder, recursive: true);

        var spec = await fixture.StartAsync($"""
            #cloud-config
            packages: [htop, "jq"]
            ssh_keys:
              ed25519_private: |
                {key}
              ed25519_public: {half}
            write_files:
              - path: /opt/deep/one.txt
                content: |
                  first line
                    it's "quoted" $HOME 한글
                permissions: '0600'
                owner: ubuntu:ubuntu
              - encoding: b64
                content: dHdv
                path: /opt/two.txt
            runcmd:
              - echo "1 $(cat /opt/two.txt)" > /opt/ran   # a comment
              - [ sh, -c, 'echo "2: it''s $0" >> /opt/ran', "a b" ]
            """);
        await UntilBootedAsync(spec);

        Assert.Equal("first line\n  it's \"quoted\" $HOME 한글", await fixture.SshAsync(spec, "cat /opt/deep/one.txt"));
        Assert.Equal("600 ubuntu", await fixture.SshAsync(spec, "stat -c '%a %U' /opt/deep/one.txt"));
        Assert.Equal("1 two\n2: it's a b", await fixture.SshAsync(spec, "cat /opt/ran"));
        Assert.Equal(half, await fixture.SshAsync(spec, "cat /etc/ssh/ssh_host_ed25519_key.pub"));
        Assert.Contains(half.Split(' ')[1], await Commands.RunAsync("ssh-keyscan", ["-t", "ed25519", spec.PublicAddress!.ToString()], CancellationToken.None), StringComparison.Ordinal);
        Assert.Contains("packages: ignored", fixture.Fabric.ConsoleOutput(spec.InstanceId), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a: b\nc: [1, 'x, y']\n", "{a=b;c=[1|x, y]}")]
    [InlineData("a:\n- b\n- c: d\n  e: f\n-\n  g: h\n", "{a=[b|{c=d;e=f}|{g=h}]}")]
    [InlineData("a: |\n  x\n   y\n\n  z\nb: >-\n  one\n  two\n\n  three\n", "{a=x\n y\n\nz\n;b=one two\nthree}")]
    [InlineData("---\n# note\na: \"q\\n:\" # tail\nb: http://x:1/#y\nc: one\n  two\n", "{a=q\n:;b=http://x:1/#y;c=one two}")]
    [InlineData("- - a\n  - b\n- c\n", "[[a|b]|c]")]
    [InlineData("a:\nb: ~\n", "{a=;b=}")]
    [InlineData("a: |+\n  x\n\nb: c", "{a=x\n\n;b=c}")]
    public void Yaml_of_cloud_config_is_read(string text, string expected) => Assert.Equal(expected, Show(SmallYaml.Read(text)));

    [Theory]
    [InlineData("a: &x b", 1)]
    [InlineData("a: 1\nb: {c: d}", 2)]
    [InlineData("a: b\n   c", 0)]
    [InlineData("a:\n  - b\n c: d", 3)]
    [InlineData("a: [1, 2", 1)]
    public void Yaml_that_is_not_understood_is_refused_with_its_line(string text, int line)
    {
        if (line == 0)
        {
            Assert.Equal("{a=b c}", Show(SmallYaml.Read(text)));
            return;
        }

        Assert.StartsWith($"line {line}:", Assert.Throws<FormatException>(() => SmallYaml.Read(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_user_data_is_named_on_the_console_and_packed_user_data_unpacked()
    {
        Assert.Contains("Unhandled", UserData.Read(Encoding.UTF8.GetBytes("rubbish")).Early, StringComparison.Ordinal);
        using var packed = new MemoryStream();
        using (var stream = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionMode.Compress))
            stream.Write("#!/bin/sh\ntrue"u8);
        Assert.Equal("#!/bin/sh\ntrue", UserData.Read(packed.ToArray()).Final);
    }

    private static string Show(object? value) => value switch
    {
        Dictionary<string, object?> map => "{" + string.Join(';', map.Select(pair => pair.Key + "=" + Show(pair.Value))) + "}",
        List<object?> list => "[" + string.Join('|', list.Select(Show)) + "]",
        _ => value as string ?? string.Empty,
    };

    private Task UntilBootedAsync(HostSpec spec) => Deadline.UntilAsync(
        async () => (await fixture.TrySshAsync(spec, "test -e /var/lib/cloud/instance/boot-finished")).Code == 0, "cloud-init is done");
}
