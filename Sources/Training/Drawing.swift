import Adversarial
import Kernels
import Layers
import Optimization
import Tensors

/// Images of one state of the weights, by order; an image is a function of its order, seed and weights alone.
public final class Drawing {
  /// Most images drawn at once.
  public let batch: Int
  private let recipe: any Recipe
  private let format: DataFormat
  private let seed: UInt64
  private let standingPasses: Int
  /// Buffers of each network with the moments that belong to a truncation, gathered when one is first asked for.
  private var moments: [Float?: [FlatMemory]] = [:]

  private var traits: SamplingTraits { recipe.sampling }

  init(_ recipe: any Recipe, format: DataFormat, seed: UInt64, batch: Int, standingPasses: Int) {
    self.recipe = recipe
    self.format = format
    self.seed = seed
    self.batch = batch
    self.standingPasses = standingPasses
  }

  /// Images `[count, height, width, channels]` in [-1, 1], row-major, in the order of `orders`.
  public func images(_ orders: [ImageOrder]) -> [Float] {
    let size = format.height * format.width * format.channels
    var result = [Float](repeating: 0, count: orders.count * size)
    // Moments belong to a truncation, so images of one are drawn together.
    for truncation in Set(orders.map(\.truncation)) {
      let places = orders.indices.filter { orders[$0].truncation == truncation }
      using(truncation) {
        for start in stride(from: 0, to: places.count, by: batch) {
          let part = places[start..<min(start + batch, places.count)]
          let values = draw(part.map { orders[$0] }, "samples", .inference)
          for (row, place) in part.enumerated() {
            result.replaceSubrange((place * size)..<((place + 1) * size), with: values[(row * size)..<((row + 1) * size)])
          }
        }
      }
    }
    return result
  }

  /// The images of `orders` with what each self-attention layer did for them.
  public func attention(_ orders: [ImageOrder]) -> (images: [Float], layers: [AttentionRecord]) {
    let observer = AttentionObserver()
    var images: [Float] = []
    for order in orders {
      using(order.truncation) {
        images += Observation.observing(observer) { draw([order], "samples", .inference) }
      }
    }
    return (images, observer.records)
  }

  // MARK: Weights

  /// Runs `body` with averaged weights where there are some, and the moments of a truncation.
  private func using(_ truncation: Float?, _ body: () -> Void) {
    let networks = recipe.networks.filter { $0.store.values != nil && $0.store.bufferValues != nil }
    let weights = networks.compactMap { network in
      network.average?.allocated ?? network.store.values.flatMap { values in network.store.bufferValues.map { (values, $0) } }
    }
    func nested(_ index: Int, _ buffers: [FlatMemory], _ body: () -> Void) {
      guard index < networks.count else { return body() }
      networks[index].store.using(values: weights[index].0, buffers: buffers[index]) { nested(index + 1, buffers, body) }
    }
    let known = moments[truncation]
    // Standing statistics overwrite the moments of a copy.
    let buffers = known ?? weights.map { $0.1.copy() }
    moments[truncation] = buffers
    nested(0, buffers) {
      if known == nil { gatherMoments(truncation) }
      body()
    }
  }

  private func gatherMoments(_ truncation: Float?) {
    for pass in 0..<standingPasses {
      // Classes evenly, going on from pass to pass.
      let orders = (0..<batch).map { row in
        let sample = pass * batch + row
        return ImageOrder(latent: sample, label: Int32(sample % (traits.classes ?? 1)), truncation: truncation)
      }
      _ = draw(orders, "standing", .accumulating(pass: pass + 1))
    }
  }

  // MARK: Images

  private func draw(_ orders: [ImageOrder], _ purpose: String, _ mode: Mode) -> [Float] {
    let latent = orders.flatMap { order in
      var start = self.latent(order.latent, purpose, order.truncation)
      for (place, value) in order.fixed { start[place] = value }
      guard let end = order.end, end.latent != order.latent else { return start }
      let other = self.latent(end.latent, purpose, order.truncation)
      return zip(start, other).map { $0 * (1 - end.share) + $1 * end.share }
    }
    let request = SampleRequest(
      latent: Tensor(latent, shape: [orders.count, traits.latentSize]), labels: traits.classes == nil ? nil : labels(orders), mode: mode)
    return recipe.sample(request).values
  }

  private func labels(_ orders: [ImageOrder]) -> Labels {
    let values = orders.map(\.label)
    guard orders.contains(where: { $0.end != nil && $0.end?.label != $0.label }) else { return Labels(values) }
    return Labels(values, toward: orders.map { $0.end?.label ?? $0.label }, shares: orders.map { $0.end?.share ?? 0 })
  }

  /// Latent vector `row`: a function of seed, purpose, row and truncation alone, so a sheet keeps its z over the run.
  private func latent(_ row: Int, _ purpose: String, _ truncation: Float?) -> [Float] {
    var values = drawn(row, purpose, round: 0)
    if let truncation, traits.canTruncate {
      var round: UInt64 = 1
      while values.contains(where: { abs($0) > truncation }) {
        let again = drawn(row, purpose, round: round)
        for index in values.indices where abs(values[index]) > truncation { values[index] = again[index] }
        round += 1
      }
    }
    return values
  }

  private func drawn(_ row: Int, _ purpose: String, round: UInt64) -> [Float] {
    let (key, size) = (RandomKey(seed: seed, purpose: textHash(purpose), step: round), traits.latentSize)
    var values = [Float](repeating: 0, count: size)
    unsafe values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      if traits.canTruncate {
        unsafe fillNormal(key, firstRow: row, rowCount: 1, rowSize: size, base)
      } else {
        unsafe fillUniform(key, firstRow: row, rowCount: 1, rowSize: size, base)
        unsafe affine(base, scale: 2, offset: -1, base, size)
      }
    }
    return values
  }
}
