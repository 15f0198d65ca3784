import Kernels
import Layers
import Sharding
import Tensors
import TestSupport
import Testing

@testable import Adversarial

@Suite struct AugmentationTests {
  let images = Samples.normal([40, 8, 6, 3])
  static let key = RandomKey(seed: 2, purpose: 3, step: 4)

  func changed(_ augmentation: ImageAugmentation, probability: Float = 1, _ other: Tensor? = nil) -> Tensor {
    let images = other ?? images
    return augmentation(images, ImageDraws(like: images, Self.key), probability: probability)
  }

  @Test func `a translation moves pixels and brings in zeros, and a flip mirrors`() {
    let moved = images.shifted(
      rows: (0..<40).map { $0 % 5 - 2 }, columns: (0..<40).map { $0 % 3 - 1 }, mirrored: (0..<40).map { $0 % 2 == 1 })
    let (x, y) = (images.values, moved.values)
    for image in 0..<40 {
      for i in 0..<8 {
        for j in 0..<6 {
          let (a, b) = (i + image % 5 - 2, j + image % 3 - 1)
          for channel in 0..<3 {
            let isInside = (0..<8).contains(a) && (0..<6).contains(b)
            let column = image % 2 == 1 ? 5 - b : b
            let expected = isInside ? x[((image * 8 + a) * 6 + column) * 3 + channel] : 0
            #expect(y[((image * 8 + i) * 6 + j) * 3 + channel] == expected)
          }
        }
      }
    }
  }

  @Test func `a cutout sets a rectangle of the stated size to zero, somewhere in the image`() {
    let ones = Tensor(repeating: 1, shape: [200, 8, 8, 1])
    let cut = changed(ImageAugmentation(hasColor: false, translation: 0, cutout: 0.5), ones).values
    let holes = (0..<200).map { image in
      Set((0..<64).filter { cut[image * 64 + $0] == 0 })
    }
    // A hole of 4x4 whose centre is anywhere from 0 to 8 is cut by the border to sides of 2 to 4.
    for hole in holes {
      let (rows, columns) = (Set(hole.map { $0 / 8 }), Set(hole.map { $0 % 8 }))
      #expect(hole.count == rows.count * columns.count && (2...4).contains(rows.count) && (2...4).contains(columns.count))
    }
    #expect(Set(holes).count > 50, "the holes lie in \(Set(holes).count) places only")
    #expect((0..<64).allSatisfy { pixel in holes.contains { $0.contains(pixel) } }, "some pixel is never cut")
  }

  @Test func `colours keep what they should`() {
    let changed = changed(ImageAugmentation(hasColor: true, translation: 0, cutout: 0))
    // Brightness moves the mean by less than a half; saturation and contrast leave it alone.
    let (before, after) = (images.mean(axes: [1, 2, 3]).values, changed.mean(axes: [1, 2, 3]).values)
    let moves = zip(before, after).map { $1 - $0 }
    #expect(moves.allSatisfy { abs($0) <= 0.5 } && moves.contains { $0 > 0.2 } && moves.contains { $0 < -0.2 })
    // Differences within a pixel are scaled by one number for each image, between 0 and 3.
    let (x, y) = (images.values, changed.values)
    for image in 0..<40 {
      let ratios = (0..<48).map { pixel in
        let place = image * 144 + pixel * 3
        return (y[place] - y[place + 1]) / (x[place] - x[place + 1])
      }
      let first = ratios[0]
      #expect(first >= 0 && first < 3 && ratios.allSatisfy { abs($0 - first) < 1e-2 * max(1, first) })
    }
  }

  @Test func `with a probability of 0 images stay, and of a half some changes come`() {
    let augmentation = ImageAugmentation()
    let none = changed(augmentation, probability: 0).values
    #expect(zip(none, images.values).allSatisfy { abs($0 - $1) < 1e-6 })
    let half = changed(ImageAugmentation(hasColor: false, translation: 0, cutout: 0.5), probability: 0.5)
    let zeros = (0..<40).filter { image in half.values[(image * 144)..<((image + 1) * 144)].contains(0) }
    #expect((8...32).contains(zeros.count), "\(zeros.count) of 40 images are cut")
  }

  @Test func `numbers depend on the global sample only`() throws {
    let whole = changed(ImageAugmentation()).values
    // The second half of the batch, as the rank sees it that owns samples 20 to 39.
    let plan = ShardPlan(batch: 40, shardCount: 2)
    let layout = BatchLayout(HalfGroup(plan: plan))
    let part = Tensor(rows: Array(images.values[(20 * 144)...]), shape: [20, 8, 6, 3], layout: layout)
    #expect(changed(ImageAugmentation(), part).values == Array(whole[(20 * 144)...]))
  }

  /// The second of two ranks, which adds nothing over ranks.
  private final class HalfGroup: BatchGroup {
    let plan: ShardPlan
    init(plan: ShardPlan) { self.plan = plan }
    var ownedShards: Range<Int> { 1..<2 }
    func sum(_ partials: UnsafeMutablePointer<Float>, count: Int, into result: UnsafeMutablePointer<Float>) { fatal() }
    func send(_ partials: UnsafePointer<Float>, count: Int) -> Range<Int> { fatal() }
    func flushLongSums() {}
    func longSums() -> UnsafePointer<Float> { fatal() }
    func forgetLongSums(count: Int) {}
    private func fatal() -> Never { preconditionFailure("a change of images adds nothing over ranks") }
  }
}
