using System.Management.Automation;
using Fe2Ps.Core;
using Fe2Ps.Core.Scripts;

namespace Fe2Ps.Commands;

/// <summary>Chooses among a region's jobs by name.</summary>
internal static class ScriptJobs
{
    /// <summary>The jobs that the names stand for, and a problem for each name that stands for none.</summary>
    public static (IReadOnlyList<Job> Jobs, IReadOnlyList<Fe2Exception> Problems) Choose(IReadOnlyList<Job> all, IReadOnlyList<string> names)
    {
        var jobs = new List<Job>();
        var problems = new List<Fe2Exception>();
        foreach (string name in names)
        {
            Job[] found = [.. all.Where(j => Matches(j, name))];
            if (found.Length == 0 && !WildcardPattern.ContainsWildcardCharacters(name)) problems.Add(NotFound(name));
            jobs.AddRange(found);
        }

        return ([.. jobs.DistinctBy(j => j.Id)], problems);
    }

    /// <summary>A name without wildcards that stands for several jobs: which one is meant must be said.</summary>
    public static Fe2Exception? Ambiguity(IReadOnlyList<Job> all, string name)
    {
        Job[] found = [.. all.Where(j => Matches(j, name))];
        return found.Length < 2 || WildcardPattern.ContainsWildcardCharacters(name) ? null : new Fe2Exception(
            "ScriptAmbiguous", Fe2ErrorKind.Ambiguous,
            $"{found.Length} jobs are called '{name}': {string.Join(", ", found.Select(j => $"{j.Id} on {j.TargetName}"))}.",
            "Give the id of one of them, or pipe it in from Get-Fe2Script.", name);
    }

    private static bool Matches(Job job, string name) =>
        job.Id == name || new WildcardPattern(name, WildcardOptions.IgnoreCase).IsMatch(job.Name);

    private static Fe2Exception NotFound(string name) => new(
        "ScriptNotFound", Fe2ErrorKind.NotFound, $"There is no job '{name}' on any running machine of this region.",
        "Get-Fe2Script lists the jobs; one whose machines are all gone is gone too.", name);
}
