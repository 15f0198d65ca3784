public import Adversarial
import Kernels
import Layers
import Optimization
import Tensors

/// Draws images from the averaged weights (or the weights themselves, without an average), with standing statistics.
///
/// Everything is replicated, so a single rank can draw while the others go on, up to the next update, which waits for it; no update may be
/// under way when it begins.
public final class Sampler {
  /// What can be asked of the model.
  public var traits: SamplingTraits { recipe.sampling }
  /// The format of the images.
  public let format: DataFormat
  private let recipe: any Recipe
  private let seed: UInt64
  private let batch: Int

  /// A sampler of `recipe`.
  /// - Parameters:
  ///   - seed: key of the latent vectors.
  ///   - batch: images drawn at once, and in each pass that gathers standing statistics.
  public init(_ recipe: any Recipe, format: DataFormat, seed: UInt64, batch: Int) {
    self.recipe = recipe
    self.format = format
    self.seed = seed
    self.batch = batch
  }

  /// Images `[count, height, width, channels]` in [-1, 1], row-major.
  ///
  /// - Parameters:
  ///   - labels: a class for each image; also says how many. A model without classes reads only their number.
  ///   - truncation: components of z beyond ±truncation are drawn again (Brock et al. 2019, section 3.1); nil: none are.
  ///   - standingPasses: batches that batch norm's moments are averaged over before drawing (section 3 there); 0: running moments.
  public func images(labels: [Int32], truncation: Float? = nil, standingPasses: Int = 16) -> [Float] {
    let networks = recipe.networks
    func nested(_ index: Int, _ body: () -> [Float]) -> [Float] {
      guard index < networks.count else { return body() }
      let store = networks[index].store
      guard let values = store.values, let buffers = store.bufferValues else { return nested(index + 1, body) }
      let average = networks[index].average?.allocated ?? (values, buffers)
      // Standing statistics overwrite the moments of a copy.
      return store.using(values: average.0, buffers: average.1.copy()) { nested(index + 1, body) }
    }
    return nested(0) {
      for pass in 0..<standingPasses {
        // Classes evenly, going on from pass to pass.
        let classes = (0..<batch).map { Int32((pass * batch + $0) % (traits.classes ?? 1)) }
        _ = draw(classes, "standing", first: pass * batch, truncation, .accumulating(pass: pass + 1))
      }
      var result: [Float] = []
      for start in stride(from: 0, to: labels.count, by: batch) {
        let part = Array(labels[start..<min(start + batch, labels.count)])
        result += draw(part, "samples", first: start, truncation, .inference)
      }
      return result
    }
  }

  private func draw(_ labels: [Int32], _ purpose: String, first: Int, _ truncation: Float?, _ mode: Mode) -> [Float] {
    let latent = latents(count: labels.count, purpose, first: first, truncation)
    return recipe.sample(SampleRequest(latent: latent, labels: traits.classes == nil ? nil : Labels(labels), mode: mode)).values
  }

  /// Latent vectors of rows `first…`: row i is a function of seed, purpose and i alone, so a sheet keeps its z over the run.
  private func latents(count: Int, _ purpose: String, first: Int, _ truncation: Float?) -> Tensor {
    let size = traits.latentSize
    func key(_ round: UInt64) -> RandomKey {
      RandomKey(seed: seed, purpose: textHash(purpose), step: round)
    }
    func drawn(_ round: UInt64) -> [Float] {
      var values = [Float](repeating: 0, count: count * size)
      unsafe values.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        if traits.canTruncate {
          unsafe fillNormal(key(round), firstRow: first, rowCount: count, rowSize: size, base)
        } else {
          unsafe fillUniform(key(round), firstRow: first, rowCount: count, rowSize: size, base)
          unsafe affine(base, scale: 2, offset: -1, base, count * size)
        }
      }
      return values
    }
    var values = drawn(0)
    if let truncation, traits.canTruncate {
      var round: UInt64 = 1
      while values.contains(where: { abs($0) > truncation }) {
        let again = drawn(round)
        for index in values.indices where abs(values[index]) > truncation { values[index] = again[index] }
        round += 1
      }
    }
    return Tensor(values, shape: [count, size])
  }
}
