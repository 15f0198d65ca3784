/// The order of the images in one epoch: a permutation of `0..<count` keyed by seed and epoch, evaluated in constant time without a table.
///
/// A balanced Feistel network permutes the numbers of an even number of bits that is just large enough; numbers outside of `0..<count`
/// are sent through it again until they fall inside ("cycle walking"), at most four times on average.
/// - Source: Black, Rogaway 2002, "Ciphers with Arbitrary Finite Domains".
struct EpochPermutation: Sendable {
  /// Number of images.
  let count: Int
  private let halfBits: UInt64
  private let keys: [UInt64]

  /// Rounds of the network: more than the usual four, since the halves of small sets have few bits.
  private static let roundCount = 6

  /// The permutation of `0..<count` for one epoch.
  /// - Precondition: `count` is positive.
  init(count: Int, seed: UInt64, epoch: Int) {
    precondition(count > 0, "EpochPermutation: a set of \(count) images")
    self.count = count
    let bits = UInt64(Int.bitWidth - (count - 1).leadingZeroBitCount)
    halfBits = max(1, (bits + 1) / 2)
    keys = (0..<Self.roundCount).map { Mixing.combine(seed, SampleOrder.Purpose.order.rawValue, UInt64(epoch), UInt64($0)) }
  }

  /// The image at a position of the epoch.
  /// - Precondition: `position` lies in `0..<count`.
  subscript(position: Int) -> Int {
    precondition((0..<count).contains(position), "EpochPermutation: position \(position) of \(count)")
    var number = UInt64(position)
    repeat { number = permute(number) } while number >= UInt64(count)
    return Int(number)
  }

  private func permute(_ number: UInt64) -> UInt64 {
    let mask = (1 as UInt64) << halfBits - 1
    var left = number >> halfBits
    var right = number & mask
    for key in keys { (left, right) = (right, left ^ (Mixing.scramble(right ^ key) & mask)) }
    return left << halfBits | right
  }
}
