using System.ComponentModel.DataAnnotations;

namespace Gatehouse.ApiHost.Http;

/// <summary>The admin's credential, section <c>Gatehouse:Auth</c>.</summary>
internal sealed class AuthOptions : IValidatableObject
{
    /// <summary>
    /// The admin key, 32 characters or more. Unset: in Development one is generated; elsewhere no admin call succeeds.
    /// </summary>
    public string? AdminKey { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!string.IsNullOrEmpty(AdminKey) && AdminKey.Length < 32)
        {
            yield return new ValidationResult("Gatehouse:Auth:AdminKey must have 32 characters or more.");
        }

        if (AdminKey?.StartsWith(ApiKeyToken.Prefix, StringComparison.Ordinal) is true)
        {
            yield return new ValidationResult(
                $"Gatehouse:Auth:AdminKey must not start with '{ApiKeyToken.Prefix}', as API keys do.");
        }
    }
}
