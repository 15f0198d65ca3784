/// Pure functions that turn numbers into hashes; the random choices of the data order are made of them.
enum Mixing {
  /// A bijection of 64-bit numbers in which every input bit changes about half of the output bits.
  /// - Source: Steele, Lea, Flood 2014, "Fast Splittable Pseudorandom Number Generators" (SplitMix64);
  ///   the constants are D. Stafford's variant 13.
  static func scramble(_ number: UInt64) -> UInt64 {
    var mixed = number
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Hash of a sequence of numbers, dependent on their order.
  static func combine(_ numbers: UInt64...) -> UInt64 {
    var hash: UInt64 = 0
    for number in numbers { hash = scramble((hash &+ 0x9E37_79B9_7F4A_7C15) ^ scramble(number)) }
    return hash
  }
}
