import CBFloat16

/// The form of the factors of products in memory: words of four bytes, each one term of a sum or two. A matrix of words is laid out as one
/// of numbers, so that products of either form are the same loops.
protocol ProductOperands {
  /// Terms in a word.
  static var terms: Int { get }
  /// Adds the products of a word, the same for all sixteen sums, with sixteen words.
  static func add(_ sum: inout Lane, _ factor: Float, _ words: Lane)
  /// Writes sixteen numbers that are terms of one sum: `16 / terms` words.
  static func store(_ target: Output, _ lane: Lane)
  /// The words of sixteen sums' next terms, which are two where words have two.
  static func words(_ first: Lane, _ second: Lane) -> Lane
}

extension ProductOperands {
  /// Words that hold so many terms.
  @inline(__always)
  static func words(_ terms: Int) -> Int { (terms &+ Self.terms &- 1) / Self.terms }
}

/// Words are numbers.
enum Floats: ProductOperands {
  static var terms: Int { 1 }
  @inline(__always)
  static func add(_ sum: inout Lane, _ factor: Float, _ words: Lane) { sum.addProduct(Lane(repeating: factor), words) }
  @inline(__always)
  static func store(_ target: Output, _ lane: Lane) { target.store(lane, 0) }
  @inline(__always)
  static func words(_ first: Lane, _ second: Lane) -> Lane { first }
}

/// Words are two numbers rounded to bfloat16, of which the sum gets both products.
enum BFloatPairs: ProductOperands {
  static var terms: Int { 2 }
  @inline(__always)
  static func add(_ sum: inout Lane, _ factor: Float, _ words: Lane) { sum = cbfloat16_add_products(sum, Lane(repeating: factor), words) }
  @inline(__always)
  static func store(_ target: Output, _ lane: Lane) { cbfloat16_store(target, lane) }
  @inline(__always)
  static func words(_ first: Lane, _ second: Lane) -> Lane { cbfloat16_pair(first, second) }
}
