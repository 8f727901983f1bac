namespace Rlt.Configuration;

/// <summary>A config record that checks its own values; called once all of them are read, for nested records too.</summary>
public interface IValidated
{
    /// <summary>All problems at once; none where the record can be used.</summary>
    IEnumerable<ConfigProblem> Problems();
}
