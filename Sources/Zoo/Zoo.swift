public import Adversarial

/// Every model that can be trained; a new one adds a line.
public let zoo = ModelCatalog([
  ModelEntry(BigGAN.self),
  ModelEntry(BigGANDeep.self),
  ModelEntry(DCGAN.self),
  ModelEntry(SAGAN.self),
])
