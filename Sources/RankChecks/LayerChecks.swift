import Kernels
import Layers
import Sharding
import Tensors

/// A layer in a store, as a function of a sharded batch.
struct LayerForm {
  /// The layer once built: rows and classes of a batch to its result.
  typealias Function = (Tensor, Labels) -> Tensor

  let name: String
  /// Shape of one sample of the input.
  let sample: [Int]
  let build: (Scope) -> Function

  init(_ name: String, _ sample: [Int], _ build: @escaping (Scope) -> Function) {
    self.name = name
    self.sample = sample
    self.build = build
  }

  /// Classes of the labels.
  static let classes = 5

  /// Result rows, gradients of a loss with a penalty on the slope, and what a forward pass leaves in the buffers.
  func numbers(_ batch: DrawnBatch) -> [Numbers] {
    let store = ParameterStore(name: "layer")
    let function = build(Scope(store))
    store.allocate(seed: 3)
    store.unsettle()
    let labels = Labels(batch.classes(Self.classes), layout: batch.layout)
    let x = batch.rows(sample)
    var result: [Numbers] = []
    let loss = store.gradient {
      let slope = gradient(at: x) { function($0, labels).squared().mean() }
      let y = function(x, labels)
      result += [Numbers("result", y.detached), Numbers("gradient of the input", slope.detached)]
      return y.squared().mean() + slope.squared().sum()
    }
    result.append(Numbers("loss", loss))
    result += Numbers.arrays("gradient of", store.parameters, store.gradientValues)
    return result + Numbers.arrays("buffer", store.buffers, store.bufferValues)
  }

  /// Every layer on every batch.
  static var checks: [BitCheck] {
    all.flatMap { form in
      DrawnBatch.plans.map { plan in
        BitCheck(name: "\(form.name), batch \(plan.batch) in \(plan.shardCount) shards") { form.numbers(try DrawnBatch($0, plan)) }
      }
    }
  }
}

extension ParameterStore {
  /// Moves biases and gains off their first 0 and 1, under which much of a gradient would vanish.
  func unsettle() {
    guard let values else { return }
    let shift = Tensor.normal([1, values.count], key: RandomKey(seed: 9, purpose: 0, step: 0)).values
    for (index, value) in shift.enumerated() { unsafe values.pointer[index] += 0.3 * value }
  }
}

/// Every layer, with its options that lead to other primitives; a new one is one line.
extension LayerForm {
  private static let spectral = SpectralNorm.Settings()
  private static let settings = BatchNormSettings()

  static var all: [LayerForm] { dense + drawing + convolutions + norms + blocks }

  private static var drawing: [LayerForm] {
    [
      LayerForm("maxout", [5]) { plain(Maxout($0, from: 5, to: 4, pieces: 3).callAsFunction) },
      LayerForm("dropout and noise over a concatenation", [5]) { scope in
        let (layer, dropout, noise) = (
          Dense(scope, from: 5, to: 4), Dropout(scope["dropout"], rate: 0.5), GaussianNoise(scope["noise"], deviation: 0.3)
        )
        return { x, _ in
          let parts = (0..<2).map { part in PassDraws.Part(x.layout) { RandomKey(seed: 5, purpose: textHash("\($0) \(part)"), step: 0) } }
          let draws = PassDraws(parts)
          let both = layer(concatenated([x, x * 2], axis: 0), .training)
          let halves = noise(dropout(both, .training, draws), .training, draws).split(like: [x, x])
          return halves[0] + halves[1] * 3
        }
      },
    ]
  }

  private static var dense: [LayerForm] {
    [
      LayerForm("dense", [5]) { plain(Dense($0, from: 5, to: 4).callAsFunction) },
      LayerForm("dense from 100 to 64", [100]) { plain(Dense($0, from: 100, to: 64).callAsFunction) },
      LayerForm("dense on rows, without bias", [3, 5]) { plain(Dense($0, from: 5, to: 4, bias: false).callAsFunction) },
      LayerForm("dense with spectral norm", [5]) { plain(Dense($0, from: 5, to: 4, spectral: spectral).callAsFunction) },
      LayerForm("embedding", [6]) { scope in
        let layer = Embedding(scope, classes: classes, width: 6)
        return { x, labels in x * layer(labels, .training) }
      },
      LayerForm("embedding with spectral norm", [6]) { scope in
        let layer = Embedding(scope, classes: classes, width: 6, spectral: spectral)
        return { x, labels in x * layer(labels, .training) }
      },
    ]
  }

  private static var convolutions: [LayerForm] {
    [
      LayerForm("convolution of images", [16, 16, 3]) { plain(Convolution2D($0, from: 3, to: 16, kernel: 3).callAsFunction) },
      LayerForm("convolution by Winograd with spectral norm", [8, 8, 16]) {
        plain(Convolution2D($0, from: 16, to: 16, kernel: 3, spectral: spectral).callAsFunction)
      },
      LayerForm("convolution 1x1", [4, 4, 6]) { plain(Convolution2D($0, from: 6, to: 5, kernel: 1).callAsFunction) },
      LayerForm("strided convolution with spectral norm", [8, 8, 3]) {
        plain(Convolution2D($0, from: 3, to: 4, kernel: 4, stride: 2, padding: .all(1), spectral: spectral).callAsFunction)
      },
      LayerForm("convolution in groups", [5, 4, 4]) { plain(Convolution2D($0, from: 4, to: 6, kernel: 3, groups: 2).callAsFunction) },
      LayerForm("transposed convolution with spectral norm", [4, 4, 5]) {
        plain(
          TransposeConvolution2D($0, from: 5, to: 3, kernel: 4, stride: 2, padding: .all(1), spectral: spectral).callAsFunction)
      },
    ]
  }

  private static var norms: [LayerForm] {
    [
      LayerForm("batch norm of vectors", [6]) { scope in
        let layer = BatchNorm(scope, channels: 6)
        return { x, _ in layer(x, .training) }
      },
      LayerForm("batch norm of images with a rectifier", [4, 4, 6]) { scope in
        let layer = BatchNorm(scope, channels: 6)
        return { x, _ in layer(x, .training, slope: 0.2) }
      },
      LayerForm("batch norm in inference", [4, 4, 6]) { scope in
        let layer = BatchNorm(scope, channels: 6)
        return { x, _ in layer(x, .inference) }
      },
      LayerForm("batch norm gathering standing statistics", [4, 4, 6]) { scope in
        let layer = BatchNorm(scope, channels: 6)
        return { x, _ in layer(x, .accumulating(pass: 1)) + layer(x * 2 + 1, .accumulating(pass: 2)) }
      },
      LayerForm("layer norm", [4, 4, 6]) { plain(LayerNorm($0, channels: 6).callAsFunction) },
      LayerForm("conditional batch norm by linear maps", [3, 3, 4]) { scope in
        let layer = ConditionalBatchNorm(
          scope, channels: 4, form: .linear(width: 4, spectral: spectral), settings: settings, initializer: .orthogonal)
        return { x, _ in layer(x, .vector(x.sum(axes: [1, 2])), .training) }
      },
      LayerForm("conditional batch norm by tables", [3, 3, 4]) { scope in
        let layer = ConditionalBatchNorm(
          scope, channels: 4, form: .table(classes: classes), settings: settings, initializer: .orthogonal)
        return { x, labels in layer(x, .labels(labels), .training) }
      },
    ]
  }

  private static var blocks: [LayerForm] {
    [
      LayerForm("self-attention", [6, 4, 16]) {
        plain(SelfAttention($0, channels: 16, initializer: .orthogonal, spectral: nil).callAsFunction)
      },
      LayerForm("self-attention with spectral norm", [8, 8, 16]) {
        plain(SelfAttention($0, channels: 16, initializer: .orthogonal, spectral: spectral).callAsFunction)
      },
      LayerForm("residual block up", [4, 4, 6]) { scope in
        let block = ResidualUpBlock(scope, from: 6, to: 4, form: nil, settings: settings, initializer: .orthogonal, spectral: nil)
        return { x, _ in block(x, nil, .training) }
      },
      LayerForm("residual block up by tables", [4, 4, 16]) { scope in
        let block = ResidualUpBlock(
          scope, from: 16, to: 16, form: .table(classes: classes), settings: settings, initializer: .orthogonal, spectral: spectral)
        return { x, labels in block(x, .labels(labels), .training) }
      },
      LayerForm("residual block down, the first", [8, 8, 3]) { scope in
        plain(
          ResidualDownBlock(scope, from: 3, to: 16, isFirst: true, halves: true, initializer: .orthogonal, spectral: spectral)
            .callAsFunction)
      },
      LayerForm("residual block down of one size", [4, 4, 16]) { scope in
        plain(
          ResidualDownBlock(scope, from: 16, to: 16, isFirst: false, halves: false, initializer: .orthogonal, spectral: spectral)
            .callAsFunction)
      },
      LayerForm("residual block down with layer norm", [8, 8, 6]) { scope in
        plain(
          ResidualDownBlock(
            scope, from: 6, to: 16, through: 8, isFirst: false, halves: true, isNormalized: true, initializer: .orthogonal, spectral: nil
          ).callAsFunction)
      },
      LayerForm("bottleneck block up", [4, 4, 64]) { scope in
        let block = BottleneckUpBlock(
          scope, from: 64, to: 32, doubles: true, form: .table(classes: classes), settings: settings, initializer: .orthogonal,
          spectral: spectral)
        return { x, labels in block(x, .labels(labels), .training) }
      },
      LayerForm("bottleneck block down", [8, 8, 16]) { scope in
        plain(
          BottleneckDownBlock(scope, from: 16, to: 24, halves: true, initializer: .orthogonal, spectral: spectral).callAsFunction)
      },
    ]
  }

  /// A layer that sees no labels, in training.
  private static func plain(_ layer: @escaping (Tensor, Mode) -> Tensor) -> Function { { x, _ in layer(x, .training) } }
}
