using Fe2Ps.Help;

// Fe2Ps.Help DOCS OUT            docs/*.md becomes OUT/Fe2Ps.dll-Help.xml and OUT/about_*.help.txt
// Fe2Ps.Help update DOCS DLL     what a page must repeat of the code (syntax, parameter facts) is written into the pages anew
try
{
    switch (args)
    {
        case ["update", var docs, var assembly]:
            foreach (string page in PageUpdate.Run(docs, assembly)) Console.WriteLine(page);
            return 0;
        case [var docs, var output]:
            Directory.CreateDirectory(output);
            HelpPage[] pages = [.. Pages(docs, "*-*.md").Select(HelpPage.Read)];
            Maml.Write(pages, Path.Combine(output, "Fe2Ps.dll-Help.xml"));
            string[] topics = [.. Pages(docs, "about_*.md")];
            foreach (string topic in topics)
                File.WriteAllText(Path.Combine(output, Path.GetFileNameWithoutExtension(topic) + ".help.txt"), AboutTopic.ToText(File.ReadAllText(topic)));
            Console.WriteLine($"{pages.Length} commands and {topics.Length} topics: {output}");
            return 0;
        default:
            Console.Error.WriteLine("usage: Fe2Ps.Help DOCS OUT | Fe2Ps.Help update DOCS DLL");
            return 2;
    }
}
catch (PageException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

static IEnumerable<string> Pages(string folder, string pattern) =>
    Directory.GetFiles(folder, pattern).Order(StringComparer.Ordinal);
