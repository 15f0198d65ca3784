import Adversarial
import Layers
import Tensors

/// z to images of any size by dense layers with ReLU, and batch norm where asked for.
struct DenseGenerator {
  /// What keeps pixels in [-1, 1].
  enum Range {
    case tangent
    /// `2σ(x) - 1`: the sigmoid of papers whose pixels lie in [0, 1].
    case sigmoid
  }

  private let layers: [Dense]
  private let norms: [BatchNorm]
  private let output: Dense
  private let data: DataFormat
  private let range: Range
  private let path: String

  init(_ scope: Scope, latent: Int, widths: [Int], data: DataFormat, isNormalized: Bool, range: Range, start: Initializer) {
    path = scope.path
    self.data = data
    self.range = range
    let inputs = [latent] + widths
    layers = widths.indices.map { index in
      Dense(scope["layers"][index], from: inputs[index], to: widths[index], bias: !isNormalized, initializer: start)
    }
    norms = isNormalized ? widths.enumerated().map { BatchNorm(scope["norms"][$0], channels: $1) } : []
    output = Dense(scope["output"], from: inputs[widths.count], to: data.pixels, initializer: start)
  }

  func callAsFunction(_ latent: Tensor, _ mode: Mode) -> Tensor {
    named(path) {
      var x = latent
      for (index, layer) in layers.enumerated() {
        x = norms.isEmpty ? layer(x, mode).rectified() : norms[index](layer(x, mode), mode, slope: 0)
      }
      let images = output(x, mode).reshaped([latent.shape[0], data.height, data.width, data.channels])
      return switch range {
      case .tangent: images.hyperbolicTangent()
      case .sigmoid: images.sigmoid() * 2 - 1
      }
    }
  }
}

/// Images of any size to logits `[batch, 1]` by dense layers.
struct DenseCritic {
  /// What follows each hidden layer.
  enum Activation {
    case relu
    case elu
  }

  private let layers: [Dense]
  private let output: Dense
  private let activation: Activation
  private let path: String

  init(_ scope: Scope, widths: [Int], data: DataFormat, activation: Activation, start: Initializer) {
    path = scope.path
    self.activation = activation
    let inputs = [data.pixels] + widths
    layers = widths.indices.map { Dense(scope["layers"][$0], from: inputs[$0], to: widths[$0], initializer: start) }
    output = Dense(scope["output"], from: inputs[widths.count], to: 1, initializer: start)
  }

  func callAsFunction(_ images: Tensor, _ mode: Mode) -> CriticOutput {
    named(path) {
      var x = images.reshaped([images.shape[0], -1])
      for layer in layers {
        let y = layer(x, mode)
        x = activation == .relu ? y.rectified() : y.exponentialLinear()
      }
      return CriticOutput(logits: output(x, mode), features: x)
    }
  }
}

extension DataFormat {
  /// Numbers of an image.
  var pixels: Int { height * width * channels }
}
