public import Kernels

extension Tensor {
  /// A replicated tensor with these numbers.
  public init(_ values: [Float], shape: [Int]) {
    precondition(values.count == shape.reduce(1, *), "Tensor: \(values.count) values for shape \(shape)")
    self = Tensor.uninitialized(shape)
    unsafe values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { unsafe output.update(from: base, count: values.count) }
    }
  }

  /// A sharded tensor with the numbers of this process's rows.
  public init(rows values: [Float], shape: [Int], layout: BatchLayout) {
    precondition(values.count == shape.reduce(1, *), "Tensor: \(values.count) values for shape \(shape)")
    self = Tensor.uninitialized(shape, layout: layout)
    unsafe values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { unsafe output.update(from: base, count: values.count) }
    }
  }

  /// A scalar.
  public init(_ value: Float) { self.init([value], shape: []) }

  /// A tensor filled with `value`.
  public init(repeating value: Float, shape: [Int], layout: BatchLayout? = nil) {
    self = Tensor.uninitialized(shape, layout: layout)
    unsafe Kernels.fill(output, value, count)
  }

  /// A tensor over memory that `anchor` owns: a parameter in its store.
  public init(viewing pointer: UnsafeMutablePointer<Float>, shape: [Int], anchor: AnyObject) {
    self.init(shape: shape, layout: nil, content: .stored(unsafe Storage(borrowing: pointer, anchor: anchor)))
  }

  /// A tensor with a shape only, for planning.
  public static func abstract(_ shape: [Int], layout: BatchLayout? = nil) -> Tensor {
    Tensor(shape: shape, layout: layout, content: .abstract(nil))
  }

  /// Uniform numbers in `[low, high)`; row i is a function of `key` and its global sample index only.
  public static func uniform(_ shape: [Int], from low: Float = 0, to high: Float = 1, key: RandomKey, layout: BatchLayout? = nil) -> Tensor
  {
    let result = Tensor.uninitialized(shape, layout: layout)
    let (rows, size) = result.rowsAndSize
    unsafe Kernels.fillUniform(key, firstRow: layout?.firstSample ?? 0, rowCount: rows, rowSize: size, result.output)
    if low != 0 || high != 1 { unsafe Kernels.affine(result.output, scale: high - low, offset: low, result.output, result.count) }
    return result
  }

  /// Standard normal numbers; row i is a function of `key` and its global sample index only.
  public static func normal(_ shape: [Int], key: RandomKey, layout: BatchLayout? = nil) -> Tensor {
    let result = Tensor.uninitialized(shape, layout: layout)
    let (rows, size) = result.rowsAndSize
    unsafe Kernels.fillNormal(key, firstRow: layout?.firstSample ?? 0, rowCount: rows, rowSize: size, result.output)
    return result
  }

  private var rowsAndSize: (Int, Int) {
    let rows = shape.first ?? 1
    return (rows, rows == 0 ? 0 : count / rows)
  }

  /// The numbers of this process, in order.
  public var values: [Float] {
    let pointer = unsafe input
    return unsafe Array(UnsafeBufferPointer(start: pointer, count: count))
  }

  /// The number of a one-element tensor.
  public var scalar: Float {
    precondition(count == 1, "Tensor.scalar: shape \(shape) has \(count) elements")
    return unsafe input[0]
  }

  /// Calls `body` with the numbers of this process.
  public func withValues<R>(_ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
    let storage = storage  // keeps the memory alive during `body`
    storage.resolve()
    return try withExtendedLifetime(storage) { unsafe try body(UnsafeBufferPointer(start: storage.pointer, count: count)) }
  }

  /// Copies `count` numbers of this process, from the one at `start` on, to `target`.
  package func copy(from start: Int, count: Int, to target: UnsafeMutablePointer<Float>) {
    unsafe Kernels.copy(input + start, target, count)
  }
}
