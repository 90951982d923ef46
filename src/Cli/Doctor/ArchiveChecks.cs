namespace Gatehouse.Cli.Doctor;

/// <summary>Whether the archive of the audit chains takes what it is given.</summary>
internal static class ArchiveChecks
{
    private const string Check = "archive";

    public static IEnumerable<Finding> Of(ArchiveFacts archive)
    {
        yield return archive switch
        {
            { Failure: { } failure } => Finding.Fail(
                Check, $"{archive.Place}: {failure}",
                "check Gatehouse:Archive:ConnectionString and the database; until then the chains grow in Redis"),
            { IsInRecovery: true } => Finding.Fail(
                Check, $"{archive.Place} is a standby, and takes no writes",
                "name the primary in the connection string"),
            { WriteFailure: { } failure } => Finding.Fail(
                Check, $"{archive.Place} cannot be written: {failure}", "give the process the right to write there"),
            { WillBeMade: true } => Finding.Ok(Check, $"{archive.Place} is made at the first start"),
            _ => Finding.Ok(Check, $"{archive.Place} answers and can be written"),
        };

        if (archive.IsReadableByOthers)
        {
            yield return Finding.Warn(Check, $"{archive.Place} can be read by others", $"chmod 0600 {archive.Place}");
        }

        if (archive.IsInTheClear)
        {
            yield return Finding.Warn(
                Check, $"{archive.Place} is another machine, and the connection may be unencrypted",
                "add SSL Mode=VerifyFull to the connection string");
        }
    }
}
