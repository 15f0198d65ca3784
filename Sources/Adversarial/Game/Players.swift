public import Layers
public import Tensors

/// The generator of a game.
public struct Generator {
  /// How latent vectors are drawn.
  public enum LatentLaw: Sendable, Equatable {
    /// Standard normal.
    case normal
    /// Uniform in [-1, 1).
    case uniform
  }
  /// Images of latent vectors and classes.
  public typealias Function = (_ latent: Tensor, _ labels: Labels?, _ mode: Mode) -> Tensor

  let network: Network
  let latent: Int
  let law: LatentLaw
  let classes: Int?
  let classNames: [String]?
  let images: Function

  /// A generator.
  /// - Parameters:
  ///   - network: the network itself, with its optimizer.
  ///   - latent: size of z.
  ///   - law: what z is drawn from.
  ///   - classes: number of classes, nil for a network that takes no labels.
  ///   - classNames: their names, where they are not the data's.
  ///   - images: `[batch, height, width, channels]` in [-1, 1] of `[batch, latent]`.
  public init(
    _ network: Network, latent: Int, law: LatentLaw = .normal, classes: Int?, classNames: [String]? = nil, images: @escaping Function
  ) {
    self.network = network
    self.latent = latent
    self.law = law
    self.classes = classes
    self.classNames = classNames
    self.images = images
  }

  func draw(_ context: StepContext, _ purpose: String = "latent") -> Tensor {
    switch law {
    case .normal: context.normalLatent(latent, purpose)
    case .uniform: context.uniformLatent(latent, purpose)
    }
  }
}

/// What a critic says of images.
public struct CriticOutput {
  /// Logits, higher for more real images, `[batch, 1]` or one for each patch; or energies `[batch, 1]`, as the critic's `gives` says.
  public let logits: Tensor
  /// The layer before the logits, or an autoencoder's code: `[batch, width]`. Nil where the critic has none, and where nobody reads it.
  public let features: Tensor?
  /// Logits of the classes, `[batch, classes]`, of a critic that also classifies.
  public let classes: Tensor?
  /// What a critic guesses of an image's codes, `[batch, categories + numbers]`: logits of the generator's classes, then means of the last
  /// numbers of z.
  public let codes: Tensor?

  /// An output of these parts.
  public init(logits: Tensor, features: Tensor? = nil, classes: Tensor? = nil, codes: Tensor? = nil) {
    self.logits = logits
    self.features = features
    self.classes = classes
    self.codes = codes
  }

  /// A part beside the logits.
  func part(_ part: CriticPart) -> Tensor? {
    switch part {
    case .features: features
    case .classes: classes
    case .codes: codes
    }
  }

  /// These logits with each part as `transform` makes it; nil leaves it out.
  func mapping(_ logits: Tensor, _ transform: (CriticPart, Tensor) -> Tensor?) -> CriticOutput {
    func part(_ part: CriticPart) -> Tensor? { self.part(part).flatMap { transform(part, $0) } }
    return CriticOutput(logits: logits, features: part(.features), classes: part(.classes), codes: part(.codes))
  }
}

/// Parts of a critic's output beside the logits.
public enum CriticPart: String, Sendable, CaseIterable {
  /// `CriticOutput.features`.
  case features
  /// `CriticOutput.classes`.
  case classes
  /// `CriticOutput.codes`.
  case codes
}

/// The critic of a game.
public struct Critic {
  /// What a critic says of images and classes.
  public typealias Function = (_ images: Tensor, _ labels: Labels?, _ mode: Mode) -> CriticOutput
  /// The same of a critic whose layers draw random numbers, as dropout does.
  public typealias DrawingFunction = (_ images: Tensor, _ labels: Labels?, _ mode: Mode, _ draws: PassDraws) -> CriticOutput

  let network: Network
  let gives: CriticReading
  let energyUnit: String
  let parts: Set<CriticPart>
  let hasBatchNorm: Bool
  let output: DrawingFunction

  /// A critic.
  /// - Parameters:
  ///   - network: the network itself, with its optimizer.
  ///   - gives: `.logits`, or `.energy` for an autoencoder.
  ///   - energyUnit: what an energy counts, as "mean of squares over an image's numbers": margins mean nothing without it.
  ///   - parts: what its output holds beside the logits.
  ///   - hasBatchNorm: whether images of a batch see each other: then real and generated ones go in passes of their own, since batch norm must
  ///     not tell them apart by their joint moments. Others go in one, so that spectral norm iterates once.
  ///   - output: what it says of images `[batch, height, width, channels]`.
  public init(
    _ network: Network, gives: CriticReading = .logits, energyUnit: String = "", parts: Set<CriticPart>, hasBatchNorm: Bool,
    output: @escaping Function
  ) {
    let drawing: DrawingFunction = { images, labels, mode, _ in output(images, labels, mode) }
    self.init(network, gives: gives, energyUnit: energyUnit, parts: parts, hasBatchNorm: hasBatchNorm, drawing: drawing)
  }

  /// A critic whose layers draw random numbers.
  public init(
    _ network: Network, gives: CriticReading = .logits, energyUnit: String = "", parts: Set<CriticPart>, hasBatchNorm: Bool,
    drawing output: @escaping DrawingFunction
  ) {
    precondition(gives != .features, "Critic: features are a part beside logits or energies")
    self.network = network
    self.gives = gives
    self.energyUnit = energyUnit
    self.parts = parts
    self.hasBatchNorm = hasBatchNorm
    self.output = output
  }
}
