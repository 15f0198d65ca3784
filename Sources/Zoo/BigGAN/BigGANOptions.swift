public import Adversarial

/// Everything that can be set of a BigGAN.
public struct BigGANOptions: GameOptions {
  /// Base width `ch`; layers have multiples of it.
  public var channels = 96
  /// Size of z.
  public var latent = 120
  /// Whether every generator block gets a chunk of z.
  public var hierarchical = true
  /// Width of the class embedding that all generator blocks share; 0: each conditional norm has tables of its own.
  public var sharedEmbedding = 128
  /// Image size after whose block both networks have self-attention; 0: none.
  public var attention = 64
  /// What all large-batch models have.
  public var common = LargeBatchOptions()
  public var objective = Objective(Hinge(), terms: [Orthogonal()], criticSteps: 2)

  /// The paper's options.
  public init() {}

  public static var fields: [OptionField<Self>] {
    [
      .value("channels", \.channels, "base width ch of both networks", in: 1...1024),
      .value("latent", \.latent, "size of z", in: 1...4096),
      .value("hierarchical", \.hierarchical, "whether every generator block gets a chunk of z"),
      .value("shared-embedding", \.sharedEmbedding, "width of the shared class embedding; 0: tables in every norm", in: 0...4096),
      .value("attention", \.attention, "image size with self-attention; 0: none", in: 0...256),
    ] + LargeBatchOptions.fields(\.common)
  }

  public mutating func scaleLearningRates(by factor: Float) { common.scaleLearningRates(by: factor) }
}
