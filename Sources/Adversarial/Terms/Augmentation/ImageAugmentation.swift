import Tensors

/// Random differentiable changes of images: colour, translation, cutout.
///
/// In this order, each for a share `probability` of the images:
/// - brightness `x + b`, b from U(-1/2, 1/2);
/// - saturation `c + s (x - c)`, c the mean of a pixel's channels, s from U(0, 2); images of one channel have none;
/// - contrast `m + k (x - m)`, m the mean of the image, k from U(1/2, 3/2);
/// - translation by whole pixels up to a part of the image's size, zeros coming in;
/// - cutout: a rectangle set to 0, sides a part of the image's size, its centre anywhere in the image.
///
/// Zero is the middle grey of images in [-1, 1].
/// - Source: Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training", and the authors' code.
///   https://arxiv.org/abs/2006.10738
struct ImageAugmentation: Sendable {
  /// Whether colours change.
  var hasColor = true
  /// Largest translation, as a part of the image's size; 0: none.
  var translation: Float = 0.125
  /// Sides of the cutout, as a part of the image's size; 0: none.
  var cutout: Float = 0.5

  static func fields<Options>(_ path: WritableKeyPath<Options, Self>) -> [OptionField<Options>] {
    [
      .value("color", path.appending(path: \.hasColor), "whether brightness, saturation and contrast change"),
      .value("translation", path.appending(path: \.translation), "largest translation, as a part of the image's size; 0: none", in: 0...1),
      .value("cutout", path.appending(path: \.cutout), "sides of the cutout, as a part of the image's size; 0: none", in: 0...1),
    ]
  }

  /// The changed images; each kind of change comes to an image with `probability`.
  func callAsFunction(_ images: Tensor, _ draws: ImageDraws, probability: Float = 1) -> Tensor {
    func chosen<Value>(_ place: Int, _ values: [Value], else none: Value) -> [Value] {
      probability >= 1 ? values : zip(draws[place], values).map { $0 < probability ? $1 : none }
    }
    var x = images
    if hasColor {
      x = x + images.perImage(chosen(8, draws[0].map { $0 - 0.5 }, else: 0))
      if x.shape[3] > 1 {
        let gray = x.mean(axes: [3], keepingAxes: true)
        x = gray + (x - gray) * images.perImage(chosen(9, draws[1].map { $0 * 2 }, else: 1))
      }
      let mean = x.mean(axes: [1, 2, 3], keepingAxes: true)
      x = mean + (x - mean) * images.perImage(chosen(10, draws[2].map { $0 + 0.5 }, else: 1))
    }
    let (height, width) = (x.shape[1], x.shape[2])
    if translation > 0 {
      func largest(_ size: Int) -> ClosedRange<Int> {
        let bound = Int(Float(size) * translation + 0.5)
        return -bound...bound
      }
      x = x.shifted(
        rows: chosen(11, draws.integers(3, in: largest(height)), else: 0),
        columns: chosen(11, draws.integers(4, in: largest(width)), else: 0))
    }
    if cutout > 0 {
      let rows = holes(height, draws, 5).map(Optional.some)
      let columns = holes(width, draws, 6).map(Optional.some)
      x = x * mask(like: x, chosen(12, rows, else: nil), chosen(12, columns, else: nil))
    }
    return x
  }

  /// For each image the rows or columns of its hole; it may reach over the border.
  private func holes(_ size: Int, _ draws: ImageDraws, _ place: Int) -> [Range<Int>] {
    let side = Int(Float(size) * cutout + 0.5)
    return draws.integers(place, in: 0...(size - side % 2)).map { centre in
      (centre - side / 2..<centre - side / 2 + side).clamped(to: 0..<size)
    }
  }

  /// 0 in the holes, 1 elsewhere: `[batch, height, width, 1]`.
  private func mask(like images: Tensor, _ rows: [Range<Int>?], _ columns: [Range<Int>?]) -> Tensor {
    let (height, width) = (images.shape[1], images.shape[2])
    func numbers() -> [Float] {
      var numbers = [Float](repeating: 1, count: rows.count * height * width)
      for image in rows.indices {
        guard let hole = rows[image], let across = columns[image] else { continue }
        for row in hole { for column in across { numbers[(image * height + row) * width + column] = 0 } }
      }
      return numbers
    }
    return images.constant(numbers(), [height, width, 1])
  }
}
