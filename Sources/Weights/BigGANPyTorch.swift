/// A generator of ajbrock/BigGAN-PyTorch as this program's `biggan`: its options, read off the shapes, and its arrays under our names.
///
/// | there | here |
/// | --- | --- |
/// | `shared.weight` | `embedding.weight` |
/// | `linear` | `project`, outputs from `[channels, 4, 4]` to `[4, 4, channels]` |
/// | `blocks.N.0.conv1`, `.conv2`, `.conv_sc` | `blocks.N.conv1`, `.conv2`, `.shortcut` |
/// | `blocks.N.0.bn1.gain`, `.bias`, `.stored_mean`, `.stored_var` | `blocks.N.norm1.gain`, `.bias`, `.mean`, `.variance` |
/// | `blocks.N.1.theta`, `.phi`, `.g`, `.o`, `.gamma` | `attention.query`, `.key`, `.value`, `.output`, `.gain` |
/// | `output_layer.0`, `output_layer.2` | `norm`, `output` |
///
/// Kernels go from `[outputs, inputs, height, width]` to `[height, width, inputs, outputs]`, matrices from `[outputs, inputs]` to
/// `[inputs, outputs]`. Both gains of conditional norms are `1 + W e`. Spectral norm there makes one iteration from `u0` in each forward,
/// in inference too, without keeping it: the same iteration is made here once, and its vectors are `u` and `v`.
/// - Source: ajbrock/BigGAN-PyTorch, BigGAN.py (Generator) and layers.py. https://github.com/ajbrock/BigGAN-PyTorch
public struct BigGANPyTorch: Sendable {
  /// Side of the images in pixels.
  public let size: Int
  /// Number of classes.
  public let classes: Int
  /// Options of the model `biggan`, as on its command line.
  public let options: [(name: String, value: String)]
  /// Parameters and buffers by our dotted paths.
  public let arrays: [WeightArray]

  /// Blocks by image size, and what the base width is multiplied with to give the last block's outputs.
  private static let forms: [Int: (size: Int, last: Int)] = [3: (32, 4), 4: (64, 2), 5: (128, 1), 6: (256, 1)]

  /// Whether the arrays have the names of such a generator.
  public static func matches(_ arrays: [WeightArray]) -> Bool {
    let names = Set(arrays.map(\.name))
    return names.contains("linear.weight") && names.contains("blocks.0.0.conv1.weight")
  }

  /// Renames and turns the arrays of the file at `path`.
  /// - Throws: `WeightError` when one is missing, of a shape that does not fit, or not finite.
  public init(_ arrays: [WeightArray], path: String) throws {
    var source = Source(arrays, path: path)
    var count = 0
    while source.has("blocks.\(count).0.conv1.weight") { count += 1 }
    guard let form = Self.forms[count] else {
      throw WeightError(.mismatch, "\(path): a generator of \(count) blocks; 3 to 6, for images of 32 to 256 px, are known here")
    }
    size = form.size
    let gain = try source.shape("blocks.0.0.bn1.gain.weight", rank: 2)
    let channels = try source.shape("blocks.0.0.conv1.weight", rank: 4)[1]
    let last = try source.shape("blocks.\(count - 1).0.conv2.weight", rank: 4)[0]
    let chunk = try source.shape("linear.weight", rank: 2)[1]
    let shared = source.has("shared.weight") ? try source.shape("shared.weight", rank: 2) : nil
    classes = shared?[0] ?? gain[0]
    let isHierarchical = shared.map { gain[1] > $0[1] } ?? false
    let attention = (0..<count).filter { source.has("blocks.\($0).1.theta.weight") }
    guard attention.count <= 1 else {
      throw WeightError(.mismatch, "\(path): self-attention after \(attention.count) blocks; after one at most is known here")
    }
    options = [
      ("channels", "\(last / form.last)"), ("latent", "\(isHierarchical ? chunk * (count + 1) : chunk)"),
      ("hierarchical", "\(isHierarchical)"), ("shared-embedding", "\(shared?[1] ?? 0)"),
      ("attention", "\(attention.first.map { 8 << $0 } ?? 0)"), ("batch-norm-epsilon", "1e-05"), ("spectral-epsilon", "1e-06"),
    ]

    if shared != nil { try source.copy("shared.weight", to: "embedding.weight") }
    try source.copyProjection("linear", to: "project")
    for block in 0..<count {
      let (old, new) = ("blocks.\(block).0", "blocks.\(block)")
      for (there, here) in [("conv1", "conv1"), ("conv2", "conv2"), ("conv_sc", "shortcut")] {
        try source.copyLayer("\(old).\(there)", to: "\(new).\(here)", hasBias: true)
      }
      for (there, here) in [("bn1", "norm1"), ("bn2", "norm2")] {
        for map in ["gain", "bias"] {
          if shared == nil {
            try source.copy("\(old).\(there).\(map).weight", to: "\(new).\(here).\(map).weight")
          } else {
            try source.copyLayer("\(old).\(there).\(map)", to: "\(new).\(here).\(map)", hasBias: false)
          }
        }
        try source.copyMoments("\(old).\(there)", to: "\(new).\(here)")
      }
    }
    if let block = attention.first {
      for (there, here) in [("theta", "query"), ("phi", "key"), ("g", "value"), ("o", "output")] {
        try source.copyLayer("blocks.\(block).1.\(there)", to: "attention.\(here)", hasBias: false)
      }
      try source.copy("blocks.\(block).1.gamma", to: "attention.gain", shape: [])
    }
    for map in ["gain", "bias"] { try source.copy("output_layer.0.\(map)", to: "norm.\(map)") }
    try source.copyMoments("output_layer.0", to: "norm")
    try source.copyLayer("output_layer.2", to: "output", hasBias: true)
    guard channels > 0, last > 0, last % form.last == 0 else {
      throw WeightError(.mismatch, "\(path): its last block has \(last) channels, a multiple of \(form.last) is needed")
    }
    self.arrays = source.results
  }

  /// The arrays of the file, and what has been made of them.
  private struct Source {
    let path: String
    private let arrays: [String: WeightArray]
    private(set) var results: [WeightArray] = []

    init(_ arrays: [WeightArray], path: String) {
      self.path = path
      self.arrays = Dictionary(arrays.map { ($0.name, $0) }) { first, _ in first }
    }

    func has(_ name: String) -> Bool { arrays[name] != nil }

    func array(_ name: String) throws -> WeightArray {
      guard let array = arrays[name] else {
        let hint = name.hasSuffix(".u0") ? "; generators without spectral norm (G_param other than SN) have no counterpart here" : ""
        throw WeightError(.mismatch, "\(path): no array \(name), as BigGAN-PyTorch's generators have\(hint)")
      }
      return array
    }

    func shape(_ name: String, rank: Int) throws -> [Int] {
      let shape = try array(name).shape
      guard shape.count == rank, !shape.contains(0) else {
        throw WeightError(.mismatch, "\(path): \(name) has the shape \(shape), \(rank) axes are needed")
      }
      return shape
    }

    mutating func put(_ array: WeightArray, as name: String) { results.append(array.renamed("generator.\(name)")) }

    mutating func copy(_ old: String, to new: String, shape: [Int]? = nil) throws {
      let array = try array(old)
      if let shape, array.values.count != shape.reduce(1, *) {
        throw WeightError(.mismatch, "\(path): \(old) has the shape \(array.shape), \(shape) is needed")
      }
      put(shape.map(array.reshaped) ?? array, as: new)
    }

    mutating func copyMoments(_ old: String, to new: String) throws {
      for (kinds, here) in [
        (["stored_mean", "bn.stored_mean", "bn.running_mean"], "mean"), (["stored_var", "bn.stored_var", "bn.running_var"], "variance"),
      ] {
        let name = kinds.map { "\(old).\($0)" }.first(where: has) ?? "\(old).\(kinds[0])"
        try copy(name, to: "\(new).\(here)")
      }
    }

    /// A convolution or a matrix with spectral norm.
    mutating func copyLayer(_ old: String, to new: String, hasBias: Bool) throws {
      let weight = try array("\(old).weight")
      guard weight.shape.count == 4 || weight.shape.count == 2 else {
        throw WeightError(.mismatch, "\(path): \(old).weight has the shape \(weight.shape), 2 or 4 axes are needed")
      }
      let turned = weight.transposed(weight.shape.count == 4 ? [2, 3, 1, 0] : [1, 0])
      put(turned, as: "\(new).weight")
      if hasBias { try copy("\(old).bias", to: "\(new).bias") }
      try putVectors(turned, try array("\(old).u0"), as: new)
    }

    /// The dense layer whose outputs are the first 4x4 image, there channel by channel, here pixel by pixel.
    mutating func copyProjection(_ old: String, to new: String) throws {
      let shape = try shape("\(old).weight", rank: 2)
      guard shape[0] % 16 == 0 else {
        throw WeightError(.mismatch, "\(path): \(old).weight has \(shape[0]) outputs, a multiple of 4x4 is needed")
      }
      let width = shape[0] / 16
      func pixels(_ name: String) throws -> WeightArray {
        let vector = try array(name)
        guard vector.values.count == shape[0] else {
          throw WeightError(.mismatch, "\(path): \(name) has the shape \(vector.shape), [\(shape[0])] is needed")
        }
        return vector.reshaped([width, 16]).transposed([1, 0]).reshaped([shape[0]])
      }
      let weight = try array("\(old).weight").reshaped([width, 16, shape[1]]).transposed([2, 1, 0]).reshaped([shape[1], shape[0]])
      put(weight, as: "\(new).weight")
      put(try pixels("\(old).bias"), as: "\(new).bias")
      try putVectors(weight, try pixels("\(old).u0"), as: new)
    }

    /// One power iteration from `start`: `v = W u / ‖W u‖`, `u = Wᵀ v / ‖Wᵀ v‖`, in double precision.
    mutating func putVectors(_ weight: WeightArray, _ start: WeightArray, as name: String) throws {
      let columns = weight.shape[weight.shape.count - 1]
      guard start.values.count == columns, columns > 0 else {
        throw WeightError(
          .mismatch, "\(path): the vector u0 of \(name) has the shape \(start.shape), \(columns) numbers are needed")
      }
      let rows = weight.values.count / columns
      func normalized(_ x: [Double]) -> [Float] {
        let norm = max(x.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
        return x.map { Float($0 / norm) }
      }
      let v = normalized(
        (0..<rows).map { row in
          var sum = 0.0
          for column in 0..<columns { sum += Double(weight.values[row * columns + column]) * Double(start.values[column]) }
          return sum
        })
      var image = [Double](repeating: 0, count: columns)
      for row in 0..<rows {
        for column in 0..<columns { image[column] += Double(weight.values[row * columns + column]) * Double(v[row]) }
      }
      put(WeightArray(name: "", shape: [columns], values: normalized(image)), as: "\(name).u")
      put(WeightArray(name: "", shape: [rows], values: v), as: "\(name).v")
    }
  }
}
