using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Fe2Ps.Core.Scripts;

/// <summary>Names of jobs: what may be one, and the id made from it.</summary>
internal static partial class JobName
{
    // ext4 takes 255 bytes; tmux and tags want less.
    private const int MostBytes = 180;

    /// <summary>Refuses what cannot be a folder's and a tmux session's name.</summary>
    public static void Check(string name)
    {
        if (Fault(name) is { } reason)
            throw JobErrors.NameInvalid(name, reason);
    }

    /// <summary>What is wrong with a name, or null.</summary>
    public static string? Fault(string? name) => name switch
    {
        null or "" => "it is empty.",
        _ when name.Contains('/') => "it contains a slash.",
        _ when name.Any(char.IsControl) => "it contains a control character.",
        _ when name[0] is '.' or '-' or '=' or '$' or '@' or '%' or '~' => $"it begins with '{name[0]}'.",
        _ when name.Trim() != name => "it begins or ends with a space.",
        _ when name == "current" => "~/fastec2/current is a file that says which job started last.",
        _ when Encoding.UTF8.GetByteCount(name) > MostBytes => $"it is longer than {MostBytes} bytes.",
        _ => null,
    };

    /// <summary>Whether this is an id as <see cref="NewId"/> makes them.</summary>
    public static bool IsId(string? id) => id is not null && IdForm().IsMatch(id);

    /// <summary>The nearest possible job name to an instance's, for when nobody gave one.</summary>
    public static string FromInstance(JobMachine machine)
    {
        var name = new string(machine.Name.Select(c => c == '/' || char.IsControl(c) ? '_' : c).ToArray()).Trim().TrimStart('.', '-', '=', '$', '@', '%', '~');
        return name is "" or "current" || Encoding.UTF8.GetByteCount(name) > MostBytes ? machine.Id : name;
    }

    /// <summary>An id for a new job: readable, unique, and plain enough for a key's comment and a command line.</summary>
    public static string NewId(string name)
    {
        var plain = new string(name.Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_').Take(20).ToArray()).Trim('-');
        var unique = Convert.ToHexString(RandomNumberGenerator.GetBytes(4)).ToLowerInvariant();
        return plain.Length == 0 ? "job-" + unique : plain + "-" + unique;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_-]{0,19}-[0-9a-f]{8}\z")]
    private static partial Regex IdForm();
}
