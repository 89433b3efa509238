using System.Globalization;

namespace Fe2Ps.Sandbox.Catalogue;

/// <summary>The instance types that the sandbox has: 17 families with AWS's published sizes and prices of us-east-1.</summary>
internal static class InstanceTypes
{
    // family architecture maker GHz threads-per-core flags(b=burstable x=xen o=older d=local disk) gpu(maker:name:MiB or -)
    //   size vCPU memoryGiB network interfaces addresses price [disks:GB-each] [gpus]
    private const string Table = """
        t2 x86_64 Intel 2.5 1 bxo -
          nano 1 0.5 Low_to_Moderate 2 2 0.0058
          micro 1 1 Low_to_Moderate 2 2 0.0116
          small 1 2 Low_to_Moderate 3 4 0.023
          medium 2 4 Low_to_Moderate 3 6 0.0464
          large 2 8 Low_to_Moderate 3 12 0.0928
          xlarge 4 16 Moderate 3 15 0.1856
          2xlarge 8 32 Moderate 3 15 0.3712
        t3 x86_64 Intel 2.5 2 b -
          nano 2 0.5 Up_to_5_Gigabit 2 2 0.0052
          micro 2 1 Up_to_5_Gigabit 2 2 0.0104
          small 2 2 Up_to_5_Gigabit 3 4 0.0208
          medium 2 4 Up_to_5_Gigabit 3 6 0.0416
          large 2 8 Up_to_5_Gigabit 3 12 0.0832
          xlarge 4 16 Up_to_5_Gigabit 4 15 0.1664
          2xlarge 8 32 Up_to_5_Gigabit 4 15 0.3328
        t3a x86_64 AMD 2.2 2 b -
          nano 2 0.5 Up_to_5_Gigabit 2 2 0.0047
          micro 2 1 Up_to_5_Gigabit 2 2 0.0094
          small 2 2 Up_to_5_Gigabit 2 4 0.0188
          medium 2 4 Up_to_5_Gigabit 3 6 0.0376
          large 2 8 Up_to_5_Gigabit 3 12 0.0752
          xlarge 4 16 Up_to_5_Gigabit 4 15 0.1504
          2xlarge 8 32 Up_to_5_Gigabit 4 15 0.3008
        t4g arm64 AWS 2.5 1 b -
          nano 2 0.5 Up_to_5_Gigabit 2 2 0.0042
          micro 2 1 Up_to_5_Gigabit 2 2 0.0084
          small 2 2 Up_to_5_Gigabit 3 4 0.0168
          medium 2 4 Up_to_5_Gigabit 3 6 0.0336
          large 2 8 Up_to_5_Gigabit 3 12 0.0672
          xlarge 4 16 Up_to_5_Gigabit 4 15 0.1344
          2xlarge 8 32 Up_to_5_Gigabit 4 15 0.2688
        m5 x86_64 Intel 3.1 2 - -
          large 2 8 Up_to_10_Gigabit 3 10 0.096
          xlarge 4 16 Up_to_10_Gigabit 4 15 0.192
          2xlarge 8 32 Up_to_10_Gigabit 4 15 0.384
          4xlarge 16 64 Up_to_10_Gigabit 8 30 0.768
          8xlarge 32 128 10_Gigabit 8 30 1.536
          12xlarge 48 192 12_Gigabit 8 30 2.304
          16xlarge 64 256 20_Gigabit 15 50 3.072
          24xlarge 96 384 25_Gigabit 15 50 4.608
        m5a x86_64 AMD 2.5 2 - -
          large 2 8 Up_to_10_Gigabit 3 10 0.086
          xlarge 4 16 Up_to_10_Gigabit 4 15 0.172
          2xlarge 8 32 Up_to_10_Gigabit 4 15 0.344
          4xlarge 16 64 Up_to_10_Gigabit 8 30 0.688
        m6i x86_64 Intel 3.5 2 - -
          large 2 8 Up_to_12.5_Gigabit 3 10 0.096
          xlarge 4 16 Up_to_12.5_Gigabit 4 15 0.192
          2xlarge 8 32 Up_to_12.5_Gigabit 4 15 0.384
          4xlarge 16 64 Up_to_12.5_Gigabit 8 30 0.768
          8xlarge 32 128 12.5_Gigabit 8 30 1.536
        m6g arm64 AWS 2.5 1 - -
          medium 1 4 Up_to_10_Gigabit 2 4 0.0385
          large 2 8 Up_to_10_Gigabit 3 10 0.077
          xlarge 4 16 Up_to_10_Gigabit 4 15 0.154
          2xlarge 8 32 Up_to_10_Gigabit 4 15 0.308
          4xlarge 16 64 Up_to_10_Gigabit 8 30 0.616
        m7g arm64 AWS 2.6 1 - -
          medium 1 4 Up_to_12.5_Gigabit 2 4 0.0408
          large 2 8 Up_to_12.5_Gigabit 3 10 0.0816
          xlarge 4 16 Up_to_12.5_Gigabit 4 15 0.1632
          2xlarge 8 32 Up_to_15_Gigabit 4 15 0.3264
          4xlarge 16 64 Up_to_15_Gigabit 8 30 0.6528
        c5 x86_64 Intel 3.4 2 - -
          large 2 4 Up_to_10_Gigabit 3 10 0.085
          xlarge 4 8 Up_to_10_Gigabit 4 15 0.17
          2xlarge 8 16 Up_to_10_Gigabit 4 15 0.34
          4xlarge 16 32 Up_to_10_Gigabit 8 30 0.68
          9xlarge 36 72 12_Gigabit 8 30 1.53
          18xlarge 72 144 25_Gigabit 15 50 3.06
        c5d x86_64 Intel 3.4 2 d -
          large 2 4 Up_to_10_Gigabit 3 10 0.096 1:50
          xlarge 4 8 Up_to_10_Gigabit 4 15 0.192 1:100
          2xlarge 8 16 Up_to_10_Gigabit 4 15 0.384 1:200
        c6i x86_64 Intel 3.5 2 - -
          large 2 4 Up_to_12.5_Gigabit 3 10 0.085
          xlarge 4 8 Up_to_12.5_Gigabit 4 15 0.17
          2xlarge 8 16 Up_to_12.5_Gigabit 4 15 0.34
          4xlarge 16 32 Up_to_12.5_Gigabit 8 30 0.68
          8xlarge 32 64 12.5_Gigabit 8 30 1.36
        c7g arm64 AWS 2.6 1 - -
          medium 1 2 Up_to_12.5_Gigabit 2 4 0.0363
          large 2 4 Up_to_12.5_Gigabit 3 10 0.0725
          xlarge 4 8 Up_to_12.5_Gigabit 4 15 0.145
          2xlarge 8 16 Up_to_15_Gigabit 4 15 0.29
          4xlarge 16 32 Up_to_15_Gigabit 8 30 0.58
        r5 x86_64 Intel 3.1 2 - -
          large 2 16 Up_to_10_Gigabit 3 10 0.126
          xlarge 4 32 Up_to_10_Gigabit 4 15 0.252
          2xlarge 8 64 Up_to_10_Gigabit 4 15 0.504
          4xlarge 16 128 Up_to_10_Gigabit 8 30 1.008
        r6g arm64 AWS 2.5 1 - -
          medium 1 8 Up_to_10_Gigabit 2 4 0.0504
          large 2 16 Up_to_10_Gigabit 3 10 0.1008
          xlarge 4 32 Up_to_10_Gigabit 4 15 0.2016
          2xlarge 8 64 Up_to_10_Gigabit 4 15 0.4032
        p3 x86_64 Intel 2.7 2 xo NVIDIA:V100:16384
          2xlarge 8 61 Up_to_10_Gigabit 4 15 3.06 - 1
          8xlarge 32 244 10_Gigabit 8 30 12.24 - 4
          16xlarge 64 488 25_Gigabit 8 30 24.48 - 8
        g4dn x86_64 Intel 2.5 2 d NVIDIA:T4:16384
          xlarge 4 16 Up_to_25_Gigabit 3 10 0.526 1:125 1
          2xlarge 8 32 Up_to_25_Gigabit 3 10 0.752 1:225 1
          4xlarge 16 64 Up_to_25_Gigabit 3 10 1.204 1:225 1
          8xlarge 32 128 50_Gigabit 4 15 2.176 1:900 1
          12xlarge 48 192 50_Gigabit 8 30 3.912 1:900 4
        g5 x86_64 AMD 3.3 2 d NVIDIA:A10G:24576
          xlarge 4 16 Up_to_10_Gigabit 4 15 1.006 1:250 1
          2xlarge 8 32 Up_to_10_Gigabit 4 15 1.212 1:450 1
          4xlarge 16 64 Up_to_25_Gigabit 8 30 1.624 1:600 1
          12xlarge 48 192 40_Gigabit 15 50 5.672 1:3800 4
        """;

    public static IReadOnlyDictionary<string, TypeFacts> All { get; } = Read();

    public static TypeFacts? Find(string name) => All.GetValueOrDefault(name);

    private static Dictionary<string, TypeFacts> Read()
    {
        var types = new Dictionary<string, TypeFacts>(StringComparer.Ordinal);
        var family = Array.Empty<string>();
        foreach (var line in Table.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (!line.StartsWith(' '))
            {
                family = words;
                continue;
            }

            var cpus = int.Parse(words[1], CultureInfo.InvariantCulture);
            var disks = words.Length > 7 && words[7] != "-" ? words[7].Split(':') : null;
            var gpu = family[6].Split(':');
            types[$"{family[0]}.{words[0]}"] = new TypeFacts(
                $"{family[0]}.{words[0]}", family[0], family[1], family[2], Number(family[3]), cpus,
                Math.Max(1, cpus / int.Parse(family[4], CultureInfo.InvariantCulture)), (long)(Number(words[2]) * 1024), words[3].Replace('_', ' '),
                int.Parse(words[4], CultureInfo.InvariantCulture), int.Parse(words[5], CultureInfo.InvariantCulture),
                !family[5].Contains('x'), family[5].Contains('b'), !family[5].Contains('o'),
                disks is null ? 0 : int.Parse(disks[1], CultureInfo.InvariantCulture), disks is null ? 0 : int.Parse(disks[0], CultureInfo.InvariantCulture),
                words.Length > 8 ? new GpuFacts(gpu[0], gpu[1], int.Parse(words[8], CultureInfo.InvariantCulture), int.Parse(gpu[2], CultureInfo.InvariantCulture)) : null,
                Number(words[6]));
        }

        return types;
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
