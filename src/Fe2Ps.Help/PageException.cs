namespace Fe2Ps.Help;

/// <summary>A page that does not keep to the layout; the message names the file and what is wrong with it.</summary>
public sealed class PageException(string page, string message) : Exception($"{page}: {message}");
