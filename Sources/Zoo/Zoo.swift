public import Adversarial

/// Every model that can be trained; a new one adds a line.
public let zoo = ModelCatalog([
  ModelEntry(ACGAN.self),
  ModelEntry(BEGAN.self),
  ModelEntry(BigGAN.self),
  ModelEntry(BigGANDeep.self),
  ModelEntry(CGAN.self),
  ModelEntry(DCGAN.self),
  ModelEntry(EBGAN.self),
  ModelEntry(FGAN.self),
  ModelEntry(GAN.self),
  ModelEntry(InfoGAN.self),
  ModelEntry(LSGAN.self),
  ModelEntry(R3GAN.self),
  ModelEntry(SAGAN.self),
  ModelEntry(SemiGAN.self),
  ModelEntry(SNGAN.self),
  ModelEntry(WGAN.self),
  ModelEntry(WGANGP.self),
])
