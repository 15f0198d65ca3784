import Datasets
import Testing

@Suite struct OrderTests {
  @Test(arguments: [1, 2, 3, 4, 5, 7, 13, 64, 65, 1000, 1861, 4097])
  func `an epoch holds every image once`(count: Int) {
    let order = SampleOrder(count: count, seed: 7)
    for epoch in 0..<3 {
      #expect(order.indices(at: (epoch * count)..<((epoch + 1) * count)).sorted() == Array(0..<count), "epoch \(epoch)")
    }
  }

  @Test(arguments: [101, 1861, 4097]) func `epochs and seeds have orders of their own`(count: Int) {
    let first = SampleOrder(count: count, seed: 1)
    let orders =
      [0, 1, 2].map { first.indices(at: ($0 * count)..<(($0 + 1) * count)) }
      + [SampleOrder(count: count, seed: 2).indices(at: 0..<count)]
    #expect(!orders.contains(Array(0..<count)))
    // Two random orders share about one place; ten are as good as impossible.
    for (number, order) in orders.enumerated() {
      for other in orders[..<number] { #expect(zip(order, other).count { $0 == $1 } < 10) }
    }
  }

  @Test func `a run across epochs is made of single positions`() {
    let order = SampleOrder(count: 5, seed: 3)
    #expect(order.indices(at: 3..<19) == (3..<19).map { order.index(at: $0) })
    #expect(order.place(of: 13) == (epoch: 2, position: 3))
    #expect(order.indices(at: 7..<7).isEmpty)
  }

  @Test func `an order of no images traps`() async {
    await #expect(processExitsWith: .failure) { _ = SampleOrder(count: 0, seed: 1) }
  }

  /// Over 2000 epochs each of the 9 images comes first about 222 times; 5 standard deviations of a binomial are 70.
  @Test func `every image comes first about equally often`() {
    let order = SampleOrder(count: 9, seed: 11)
    var counts = [Int](repeating: 0, count: 9)
    for epoch in 0..<2000 { counts[order.index(at: epoch * 9)] += 1 }
    #expect(counts.allSatisfy { abs($0 - 222) < 70 }, "\(counts)")
  }

  /// 5 standard deviations of 4000 tosses are 158.
  @Test func `about half of the images are mirrored`() {
    let order = SampleOrder(count: 9, seed: 11)
    let flips = (0..<4000).filter { order.isFlipped(at: $0) }.count
    #expect(abs(flips - 2000) < 158, "\(flips)")
    #expect((0..<64).map { order.isFlipped(at: $0) } != (0..<64).map { SampleOrder(count: 9, seed: 12).isFlipped(at: $0) })
  }

  /// Computed by a second implementation, in Python; other values would silently change the course of every run that is resumed.
  @Test func `the order of a seed never changes`() {
    #expect(SampleOrder(count: 13, seed: 0).indices(at: 0..<13) == [6, 10, 8, 9, 3, 12, 2, 1, 4, 0, 5, 7, 11])
    let heads = (0..<8).filter { SampleOrder(count: 13, seed: 0).isFlipped(at: $0) }
    #expect(heads == [0, 3, 5])
  }
}
