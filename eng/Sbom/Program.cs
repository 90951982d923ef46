using Gatehouse.Sbom;

// A list of all packages that the programs are built from: CycloneDX 1.5, made from the lock files, on standard output.
// usage: dotnet run --project eng/Sbom -- [<packages.lock.json>...]      none: all below src
var paths = args.Length > 0 ? args : LockFile.Below(Path.GetFullPath("src"));
if (paths.Length == 0)
{
    await Console.Error.WriteLineAsync("There is no packages.lock.json below ./src: run this in the repository.");
    return 1;
}

var document = Bom.Of([.. paths.Select(LockFile.Read)], PackageFolder.OfThisUser());
await Console.Out.WriteLineAsync(document.ToJsonString(Bom.Indented));
return 0;
