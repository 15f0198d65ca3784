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

  @Test func `epochs and seeds have orders of their own`() {
    let first = SampleOrder(count: 101, seed: 1)
    let orders = [0, 101, 202].map { first.indices(at: $0..<($0 + 101)) } + [SampleOrder(count: 101, seed: 2).indices(at: 0..<101)]
    #expect(Set(orders).count == 4)
    #expect(!orders.contains(Array(0..<101)))
  }

  @Test func `a run across epochs is made of single positions`() {
    let order = SampleOrder(count: 5, seed: 3)
    #expect(order.indices(at: 3..<19) == (3..<19).map { order.index(at: $0) })
    #expect(order.place(of: 13) == (epoch: 2, position: 3))
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
