namespace Gatehouse.Deploy.Tests;

/// <summary>What deployments are held against is what the code has.</summary>
public class ProductTests
{
    [Theory]
    [InlineData("Gatehouse__Region", true)]
    [InlineData("Gatehouse__Silo__AdvertisedAddress", true)]
    [InlineData("Gatehouse__Http__TrustedProxies__0", true)]
    [InlineData("Gatehouse__SigningKeys__KekFile", true)]
    [InlineData("Gatehouse__Overload__StoreDeadline", true)]
    [InlineData("Gatehouse__Silo__AdvertizedAddress", false)]
    [InlineData("Gatehouse__Silo", false)]
    [InlineData("Gatehouse__Http__TrustedProxies", false)]
    [InlineData("Gatehouse__Http__TrustedProxies__first", false)]
    [InlineData("Gatehouse__Nothing__Port", false)]
    public void Setting_IsOneOfTheCode(string variable, bool isSetting) =>
        Assert.Equal(isSetting, Product.IsSetting(variable));

    [Fact]
    public void Programs_AreComposedAsInProduction()
    {
        Assert.Equal(("Gatehouse.ApiHost", "Gatehouse.Silo"), (Product.Api.Name, Product.Silo.Name));
        Assert.Equal(8080, Product.ApiPort);
        Assert.Contains("/health/ready", Product.Api.Routes);
        Assert.Contains("/metrics", Product.Silo.Routes);
        Assert.True(Product.Silo.ShutdownTimeout > TimeSpan.FromSeconds(30));
    }
}
