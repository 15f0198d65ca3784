import Kernels
import Tensors

/// Uniform numbers in [0, 1) for the images of a batch: up to sixteen for each, which depend on the global sample index only.
struct ImageDraws {
  /// Numbers for an image; more than any change of images takes.
  private static let perImage = 16
  private let values: [Float]
  private let count: Int

  /// The numbers of `key` for the images of a batch.
  init(like images: Tensor, _ key: RandomKey) {
    count = images.shape[0]
    let isAbstract = images.isAbstract
    values = isAbstract ? [] : Tensor.uniform([count, Self.perImage], key: key, layout: images.layout).values
  }

  /// Number `place` of each image.
  subscript(_ place: Int) -> [Float] {
    precondition(place < Self.perImage, "ImageDraws: number \(place) of \(Self.perImage)")
    return (0..<count).map { values.isEmpty ? 0 : values[$0 * Self.perImage + place] }
  }

  /// Whole numbers in `range`, each as likely as any other, from number `place` of each image.
  func integers(_ place: Int, in range: ClosedRange<Int>) -> [Int] {
    // A float below 1 times the count may round up to the count.
    self[place].map { min(range.lowerBound + Int($0 * Float(range.count)), range.upperBound) }
  }
}

extension Tensor {
  /// A constant with one number for each image of this batch, `[batch, 1, 1, 1]`.
  func perImage(_ numbers: [Float]) -> Tensor { constant(numbers, [1, 1, 1]) }

  /// A constant of shape `[batch] + shape`, placed as this batch.
  func constant(_ numbers: @autoclosure () -> [Float], _ sizes: [Int]) -> Tensor {
    let shape = [self.shape[0]] + sizes
    if isAbstract { return Tensor.abstract(shape, layout: layout) }
    return layout.map { Tensor(rows: numbers(), shape: shape, layout: $0) } ?? Tensor(numbers(), shape: shape)
  }

  /// Each image moved by its number of rows up and columns to the left, zeros coming in, after it was mirrored left to right where
  /// `mirrored` says so: `y[i, j] = x[i + rows, j + columns]`.
  ///
  /// Along each axis that is a product with one matrix of zeros and ones for each image, which is its own kind of derivative of any
  /// order; the sums have one term that is not 0, so no rounding.
  func shifted(rows: [Int], columns: [Int], mirrored: [Bool]? = nil) -> Tensor {
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    let moved = selection(height, rows).batchedProduct(reshaped([-1, height, width * channels]))
    let turned = moved.reshaped([-1, height, width, channels]).transposed([0, 2, 1, 3]).reshaped([-1, width, height * channels])
    let chosen = selection(width, columns, mirrored).batchedProduct(turned)
    return chosen.reshaped([-1, width, height, channels]).transposed([0, 2, 1, 3])
  }

  /// For each image the matrix that takes element `i + offset`, of the mirrored row where `mirrored` says so.
  private func selection(_ size: Int, _ offsets: [Int], _ mirrored: [Bool]? = nil) -> Tensor {
    func numbers() -> [Float] {
      var numbers = [Float](repeating: 0, count: offsets.count * size * size)
      for (image, offset) in offsets.enumerated() {
        for target in 0..<size where (0..<size).contains(target + offset) {
          let source = mirrored?[image] == true ? size - 1 - target - offset : target + offset
          numbers[(image * size + target) * size + source] = 1
        }
      }
      return numbers
    }
    return constant(numbers(), [size, size])
  }
}
