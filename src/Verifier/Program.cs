using Gatehouse.Verifier;

return VerifierCommand.Run(args, Console.OpenStandardInput, Console.Out, Console.Error);
