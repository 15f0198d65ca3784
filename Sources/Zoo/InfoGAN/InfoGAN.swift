public import Adversarial
import Layers
import Tensors

/// GAN with codes that can be read off its images, found without labels: one of several categories, and some numbers.
public final class InfoGAN: GameModel {
  public static let card = ModelCard(
    name: "infogan",
    paper: "InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets",
    authors: "Chen, Duan, Houthooft, Schulman, Sutskever, Abbeel, 2016", link: "https://arxiv.org/abs/1606.03657",
    summary: "a categorical code and continuous ones, which a head on the critic guesses; sheets of what each code does; ignores labels",
    deviations: [
      "leaky rectifiers of slope 0.01 and weights of 1 as the authors' code (openai/InfoGAN); the paper says 0.1 and less for continuous codes",
      "the head's parameters are the critic's, with its step size, as in the authors' code",
      "pixels lie in [-1, 1], so the generator's sigmoid is stretched to it",
    ])

  public let game: Game
  private let options: InfoGANOptions

  public init(_ options: InfoGANOptions, data: DataFormat) throws {
    guard data.height >= 8, data.width >= 8, data.height.isMultiple(of: 4), data.width.isMultiple(of: 4) else {
      throw ModelError("infogan: images of \(data.height)x\(data.width); sides that are multiples of 4, from 8 on, are needed")
    }
    self.options = options
    let stores = (try options.objective.store("generator", .generator), try options.objective.store("discriminator", .critic))
    let generator = InfoGANGenerator(Scope(stores.0), options, data)
    let critic = InfoGANCritic(Scope(stores.1), options, data)
    game = try Game(
      options.objective, model: Self.card.name,
      generator: Generator(
        options.updates.generator(stores.0), latent: options.latent + options.numbers, law: .uniform, classes: options.categories,
        classNames: (0..<options.categories).map { "code \($0)" }, images: generator.callAsFunction),
      critic: Critic(
        options.updates.critic(stores.1), parts: [.features, .codes], hasBatchNorm: true
      ) { images, _, mode in critic(images, mode) })
  }

  /// The category from row to row with everything else the same in a column; then each number from -1 to 1 along the rows.
  public var sheets: [SheetPlan] {
    let (rows, columns) = (0..<min(options.categories, 16), 8)
    let names = rows.map { "code \($0)" }
    let categories = SheetPlan(
      name: "categories", caption: "category by row  z by column", columns: columns, rowLabels: names,
      cells: rows.flatMap { row in (0..<columns).map { SheetPlan.Cell(latent: $0, label: Int32(row)) } })
    return [categories]
      + (0..<options.numbers).map { number in
        SheetPlan(
          name: "code-\(number + 1)", caption: "number \(number + 1) from -1 to 1 by column  category by row", columns: columns,
          rowLabels: names,
          cells: rows.flatMap { row in
            (0..<columns).map { column in
              SheetPlan.Cell(
                latent: row, label: Int32(row), fixed: [options.latent + number: 2 * Float(column) / Float(columns - 1) - 1])
            }
          })
      }
  }
}

/// z, numbers and category to images: two dense layers, two transposed 4x4 convolutions of stride 2; batch norm and ReLU.
/// - Source: Chen et al. 2016, appendix C.1. https://arxiv.org/abs/1606.03657; openai/InfoGAN, infogan/models/regularized_gan.py
struct InfoGANGenerator {
  private let dense: [Dense]
  private let norms: [BatchNorm]
  private let convolutions: [TransposeConvolution2D]
  private let start: [Int]
  private let categories: Int
  private let path: String

  init(_ scope: Scope, _ options: InfoGANOptions, _ data: DataFormat) {
    path = scope.path
    categories = options.categories
    let (first, width) = (Initializer.normal(deviation: 0.02), options.channels)
    start = [data.height / 4, data.width / 4, 2 * width]
    let inputs = options.latent + options.numbers + options.categories
    let widths = [options.hidden, start.reduce(1, *)]
    dense = [
      Dense(scope["dense"][0], from: inputs, to: widths[0], bias: false, initializer: first),
      Dense(scope["dense"][1], from: widths[0], to: widths[1], bias: false, initializer: first),
    ]
    norms = (widths + [width]).enumerated().map { BatchNorm(scope["norms"][$0], channels: $1) }
    convolutions = [(2 * width, width), (width, data.channels)].enumerated().map { index, widths in
      TransposeConvolution2D(
        scope["convolutions"][index], from: widths.0, to: widths.1, kernel: 4, stride: 2, padding: .all(1), bias: index == 1,
        initializer: first)
    }
  }

  func callAsFunction(_ z: Tensor, _ labels: Labels?, _ mode: Mode) -> Tensor {
    guard let labels else { preconditionFailure("\(path): called without categories") }
    return named(path) {
      var x = concatenated([z, labels.oneHot(classes: categories)], axis: 1)
      for index in 0..<2 { x = norms[index](dense[index](x, mode), mode, slope: 0) }
      x = norms[2](convolutions[0](x.reshaped([z.shape[0]] + start), mode), mode, slope: 0)
      return convolutions[1](x, mode).sigmoid() * 2 - 1
    }
  }
}

/// Images to a logit, and to guesses of category and numbers: two 4x4 convolutions of stride 2 and a dense layer that both share, batch norm on
/// all but the first; the guesses have a dense layer more.
/// - Source: as `InfoGANGenerator`.
struct InfoGANCritic {
  private let convolutions: [Convolution2D]
  private let dense: Dense
  private let linear: Dense
  private let head: (hidden: Dense, codes: Dense)
  private let norms: [BatchNorm]
  private let path: String
  private static let slope: Float = 0.01

  init(_ scope: Scope, _ options: InfoGANOptions, _ data: DataFormat) {
    path = scope.path
    let (start, width) = (Initializer.normal(deviation: 0.02), options.channels)
    convolutions = [(data.channels, width), (width, 2 * width)].enumerated().map { index, widths in
      Convolution2D(
        scope["convolutions"][index], from: widths.0, to: widths.1, kernel: 4, stride: 2, padding: .all(1), bias: index == 0,
        initializer: start)
    }
    let guessing = max(1, options.hidden / 8)
    dense = Dense(
      scope["dense"], from: (data.height / 4) * (data.width / 4) * 2 * width, to: options.hidden, bias: false, initializer: start)
    linear = Dense(scope["linear"], from: options.hidden, to: 1, initializer: start)
    head = (
      Dense(scope["head"]["hidden"], from: options.hidden, to: guessing, bias: false, initializer: start),
      Dense(scope["head"]["codes"], from: guessing, to: options.categories + options.numbers, initializer: start)
    )
    norms = [2 * width, options.hidden, guessing].enumerated().map { BatchNorm(scope["norms"][$0], channels: $1) }
  }

  func callAsFunction(_ images: Tensor, _ mode: Mode) -> CriticOutput {
    named(path) {
      var x = convolutions[0](images, mode).leakyRectified(slope: Self.slope)
      x = norms[0](convolutions[1](x, mode), mode, slope: Self.slope)
      let features = norms[1](dense(x.reshaped([images.shape[0], -1]), mode), mode, slope: Self.slope)
      let guess = norms[2](head.hidden(features, mode), mode, slope: Self.slope)
      return CriticOutput(logits: linear(features, mode), features: features, codes: head.codes(guess, mode))
    }
  }
}
