/// Which image comes at which place of the endless sequence of epochs, and whether it is mirrored.
///
/// Pure functions of seed and global position: the same on any number of ranks, and after any restart.
public struct SampleOrder: Sendable {
  /// What a hash is used for, so that different uses are independent.
  enum Purpose: UInt64 {
    case order = 1
    case flip = 2
    case subset = 3
  }

  /// Number of images.
  public let count: Int
  private let seed: UInt64

  /// The order of a set of `count` images.
  /// - Precondition: `count` is positive.
  public init(count: Int, seed: UInt64) {
    precondition(count > 0, "SampleOrder: a set of \(count) images")
    self.count = count
    self.seed = seed
  }

  /// Epoch of a global position, and the position within it.
  public func place(of position: Int) -> (epoch: Int, position: Int) { (position / count, position % count) }

  /// Index of the image at a global position.
  public func index(at position: Int) -> Int {
    let place = place(of: position)
    return EpochPermutation(count: count, seed: seed, epoch: place.epoch)[place.position]
  }

  /// Indices of the images at a run of global positions.
  public func indices(at positions: Range<Int>) -> [Int] {
    var indices: [Int] = []
    indices.reserveCapacity(positions.count)
    var position = positions.lowerBound
    while position < positions.upperBound {
      let place = place(of: position)
      let permutation = EpochPermutation(count: count, seed: seed, epoch: place.epoch)
      let end = min(positions.upperBound, (place.epoch + 1) * count)
      for offset in 0..<(end - position) { indices.append(permutation[place.position + offset]) }
      position = end
    }
    return indices
  }

  /// Whether the image at a global position is to be mirrored: heads or tails.
  public func isFlipped(at position: Int) -> Bool {
    Mixing.combine(seed, Purpose.flip.rawValue, UInt64(position)) & 1 == 1
  }
}
