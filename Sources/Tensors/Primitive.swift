import Sharding

/// One kind of operation on tensors, as data: what the graph records, differentiates, counts and replays.
///
/// `vjp` is written in recorded tensor operations, so a set of primitives is closed under differentiation and gradients of any order
/// come for free.
package protocol Primitive {
  /// Name in messages and profiles.
  static var name: String { get }
  /// Shape of the result; traps with operation, expected and found when the inputs do not fit.
  func outputShape(_ inputs: [[Int]]) -> [Int]
  /// Layout of the result; by default that of the sharded inputs.
  func outputLayout(_ inputs: [Tensor]) -> BatchLayout?
  /// Whether the result is a sum over the batch axis of sharded inputs: it is written as one block for each owned tree node.
  func sumsBatch(_ inputs: [Tensor]) -> Bool
  /// Computes the result.
  func forward(_ inputs: [Tensor], _ output: Tensor)
  /// Whether the result is the first input's memory under another shape, or times a factor: then nothing is computed before somebody reads it.
  var aliases: Bool { get }
  /// What an aliasing result is multiplied by.
  func factor(_ inputs: [Tensor]) -> Float
  /// What `vjp` reads.
  var keeps: Kept { get }
  /// The cotangents of the inputs; nil where `context.wants` says no, or where the derivative is zero.
  func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?]
  /// Floating-point operations of `forward`, for planning.
  func flops(_ inputs: [[Int]], _ output: [Int]) -> Double
  /// Whether these are the multiply-adds of a convolution or a product, which can be held against the processor's peak.
  var isProduct: Bool { get }
}

extension Primitive {
  package func outputLayout(_ inputs: [Tensor]) -> BatchLayout? { commonLayout(inputs) }
  package func sumsBatch(_ inputs: [Tensor]) -> Bool { false }
  package var aliases: Bool { false }
  package func factor(_ inputs: [Tensor]) -> Float { 1 }
  package func flops(_ inputs: [[Int]], _ output: [Int]) -> Double { Double(output.reduce(1, *)) }
  package var isProduct: Bool { false }

  /// The layout that all sharded inputs share.
  func commonLayout(_ inputs: [Tensor]) -> BatchLayout? {
    var found: BatchLayout?
    for case let layout? in inputs.map(\.layout) {
      if let found {
        precondition(found.matches(layout), "\(Self.name): inputs belong to different batches")
      } else {
        found = layout
      }
    }
    return found
  }
}

/// What a primitive's `vjp` reads of the forward pass; all other storage is dropped at once.
package enum Kept {
  /// No numbers.
  case nothing
  /// The result.
  case output
  /// All inputs and the result.
  case everything
  /// These inputs.
  case inputs(Set<Int>)
  /// The first two inputs, factors of a bilinear primitive: each one's cotangent reads the other, so a factor is needed only when the other is
  /// tracked. The generator's step thus keeps none of the critic's activations for weight gradients that nobody asks for.
  case factors

  static func inputs(_ indices: Int...) -> Kept { .inputs(Set(indices)) }

  /// Whether the numbers of input `index` are needed.
  func needs(_ index: Int, of inputs: [Tensor]) -> Bool {
    switch self {
    case .nothing, .output: false
    case .everything: true
    case .inputs(let indices): indices.contains(index)
    case .factors: index < 2 && inputs[1 - index].isTracked
    }
  }

  /// Whether the numbers of the result are needed.
  var needsOutput: Bool {
    switch self {
    case .output, .everything: true
    case .nothing, .inputs, .factors: false
    }
  }
}

/// The forward pass as a `vjp` sees it.
package struct VJPContext {
  /// The inputs: tracked iff the gradient is itself being recorded; without numbers where the primitive did not keep them.
  package let inputs: [Tensor]
  /// The result, if the primitive keeps it.
  let keptOutput: Tensor?
  /// Which inputs need a cotangent.
  let wanted: [Bool]
  /// Whether the gradient is itself being recorded: fused forms then fall back to plain ones.
  package let isRecording: Bool

  package func wants(_ index: Int) -> Bool { wanted[index] }
  package var output: Tensor {
    guard let keptOutput else { preconditionFailure("VJPContext: the result was not kept") }
    return keptOutput
  }
}

/// Applies a primitive: checks shapes, computes, records when an input is tracked.
package func apply(_ primitive: some Primitive, _ inputs: [Tensor]) -> Tensor {
  let shape = primitive.outputShape(inputs.map(\.shape))
  let sumsBatch = primitive.sumsBatch(inputs)
  let layout = sumsBatch ? nil : primitive.outputLayout(inputs)
  let observation = Observation.current
  let observer = observation?.observer

  let summed = sumsBatch ? primitive.commonLayout(inputs) : nil
  let blocks = summed?.rows.nodeCount ?? 1
  let isPending = summed?.group.needsSum ?? false
  let content: Tensor.Content
  if inputs.contains(where: \.isAbstract) {
    let bytes = shape.reduce(4, *) * blocks
    content = primitive.aliases ? inputs[0].content : .abstract(observer?.meter.map { Shadow($0, bytes: bytes, isPending: isPending) })
  } else if primitive.aliases {
    content = inputs[0].content(times: primitive.factor(inputs))
  } else {
    let size = shape.reduce(1, *)
    let pendingIn = isPending ? summed?.group : nil
    let storage = pendingIn.map { Storage(partialsOf: $0, blockSize: size, blocks: blocks) } ?? Storage(count: size * blocks)
    for input in inputs { input.storage.resolve() }
    observer?.willRun()
    primitive.forward(inputs, Tensor(shape: shape, layout: layout, content: .stored(storage)))
    if let pendingIn { storage.pending = (pendingIn, size) }
    content = .stored(storage)
  }
  var result = Tensor(shape: shape, layout: layout, content: content)
  observer?.didRun(primitive, inputs, result)
  if inputs.contains(where: \.isTracked) {
    result.node = Node(
      primitive, inputs, result, sumsBatch: sumsBatch, keepsAll: observer?.keepsGraph ?? false, path: observation?.path.last)
  }
  return result
}

/// Runs a fused kernel that is never recorded, under the observer's eyes.
func evaluate(_ name: String, _ shape: [Int], like source: Tensor, _ body: (Tensor) -> Void) -> Tensor {
  evaluate(name, [shape], like: source) { body($0[0]) }[0]
}

/// Runs a fused kernel with several results that is never recorded; `flops` as `Primitive.flops`.
func evaluate(_ name: String, _ shapes: [[Int]], like source: Tensor, flops: Double = 0, _ body: ([Tensor]) -> Void) -> [Tensor] {
  let observer = Observation.observer
  if source.isAbstract {
    let results = shapes.map { shape in
      Tensor(shape: shape, layout: source.layout, content: .abstract(observer?.meter.map { Shadow($0, bytes: shape.reduce(4, *)) }))
    }
    observer?.didPlan(flops: flops)
    return results
  }
  observer?.willRun()
  let results = shapes.map { Tensor.uninitialized($0, layout: source.layout) }
  body(results)
  observer?.didEvaluate(name, results, flops: flops)
  return results
}
