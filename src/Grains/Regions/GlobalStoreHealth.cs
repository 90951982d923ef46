using Gatehouse.Grains.Storage;

namespace Gatehouse.Grains.Regions;

/// <summary>Whether the global store answers.</summary>
internal sealed class GlobalStoreHealth : StoreHealth;
