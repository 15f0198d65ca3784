public import Adversarial

/// Every model that can be trained; a new one adds a line.
public let zoo = ModelCatalog([
  ModelEntry(BigGAN.self),
  ModelEntry(BigGANDeep.self),
  ModelEntry(DCGAN.self),
  ModelEntry(FGAN.self),
  ModelEntry(GAN.self),
  ModelEntry(LSGAN.self),
  ModelEntry(SAGAN.self),
  ModelEntry(SNGAN.self),
  ModelEntry(WGAN.self),
  ModelEntry(WGANGP.self),
])
