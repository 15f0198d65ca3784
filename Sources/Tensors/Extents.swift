/// Which parts of a run of addresses are lent: best fit, neighbours that are free become one again.
///
/// The same requests in the same order find the same places, so a training whose steps are alike needs no more than its first ones.
struct Extents {
  /// Free parts below `end`, by address; no two of them touch.
  private(set) var free: [Range<Int>] = []
  /// Addresses from here on have never been lent.
  private(set) var end = 0

  /// Lends `size` addresses: the smallest free part that holds them, the first of several; else new ones at the end.
  mutating func take(_ size: Int) -> Int {
    var best: Int?
    for (index, part) in free.enumerated() where part.count >= size {
      if best.map({ part.count < free[$0].count }) ?? true { best = index }
    }
    if let best {
      let part = free[best]
      if part.count == size { free.remove(at: best) } else { free[best] = (part.lowerBound + size)..<part.upperBound }
      return part.lowerBound
    }
    // A free part at the end is the beginning of what is new.
    let start = free.last?.upperBound == end ? free.removeLast().lowerBound : end
    end = start + size
    return start
  }

  /// Takes back what `take` lent.
  mutating func give(_ part: Range<Int>) {
    var low = 0
    var high = free.count
    while low < high {
      let middle = (low + high) / 2
      if free[middle].lowerBound < part.lowerBound { low = middle + 1 } else { high = middle }
    }
    let joinsLower = low > 0 && free[low - 1].upperBound == part.lowerBound
    let joinsUpper = low < free.count && free[low].lowerBound == part.upperBound
    switch (joinsLower, joinsUpper) {
    case (true, true):
      free[low - 1] = free[low - 1].lowerBound..<free[low].upperBound
      free.remove(at: low)
    case (true, false): free[low - 1] = free[low - 1].lowerBound..<part.upperBound
    case (false, true): free[low] = part.lowerBound..<free[low].upperBound
    case (false, false): free.insert(part, at: low)
    }
  }
}
