namespace Gatehouse.Grains.Storage;

/// <summary>What a store is asked to do, as metrics and traces name it. There are few of these, made once each.
/// </summary>
internal sealed class StoreOperation
{
    private const string ProcedureLabel = "db.stored_procedure.name";

    /// <param name="name">The command, such as HGET.</param>
    /// <param name="procedure">Of a command that runs a script: which.</param>
    public StoreOperation(string name, string? procedure = null)
    {
        (Name, Procedure) = (name, procedure);
        NameTag = new KeyValuePair<string, object?>("db.operation.name", name);
        ProcedureTag = new KeyValuePair<string, object?>(ProcedureLabel, procedure);
    }

    public string Name { get; }

    public string? Procedure { get; }

    /// <summary>As a label; made once, so that counting a call makes nothing.</summary>
    public KeyValuePair<string, object?> NameTag { get; }

    /// <summary>The same. Its value is null where no script is run: no label then.</summary>
    public KeyValuePair<string, object?> ProcedureTag { get; }
}
