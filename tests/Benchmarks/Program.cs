Console.Error.WriteLine("usage: dotnet run -c Release --project tests/Benchmarks -- http");
return 2;
