public import Images
import Tensors

/// A picture of a game in the plane: shades and lines of equal critic output, real points in black, generated ones in green.
///
/// The critic's output is cut into twelve bands of as many pixels each, from blue for what it takes for generated to red for real: bands
/// of equal height would show a steep critic as two flat halves. White where it gives no finite numbers.
public struct PointPicture {
  private static let bands = 12
  /// Points of each kind that a witness compares others with, and of others at once: pictures of them fit into some megabytes.
  private static let (compared, block) = (500, 4096)
  private let side: Int
  private let extent: Float

  /// Pictures of `side` x `side` pixels, which show coordinates in [-`extent`, `extent`].
  public init(side: Int, extent: Float) {
    self.side = side
    self.extent = extent
  }

  /// Draws one.
  /// - Parameters:
  ///   - model: whose critic is shown.
  ///   - real: coordinates `[x, y, x, y, …]`.
  ///   - generated: alike.
  public func draw(_ model: PointGAN, real: [Float], generated: [Float]) -> Picture {
    var picture = Picture(width: side, height: side, channels: 3, filledWith: 255)
    if let bands = bands(model, real, generated) { shade(&picture, bands) }
    dots(&picture, real, size: 1, (0, 0, 0))
    dots(&picture, generated, size: 2, (0, 150, 40))
    return picture
  }

  /// The band of every second pixel of every second row; nil without numbers to show.
  private func bands(_ model: PointGAN, _ real: [Float], _ generated: [Float]) -> [Int]? {
    let count = (side + 1) / 2
    let points = (0..<(count * count)).flatMap { index in
      let (x, y) = (Float(2 * (index % count)), Float(2 * (index / count)))
      return [x / Float(side) * 2 - 1, 1 - y / Float(side) * 2].map { $0 * extent }
    }
    func tensor(_ points: ArraySlice<Float>) -> Tensor { Tensor(Array(points), shape: [points.count / 2, 1, 1, 2]) }
    let (r, f) = (tensor(real.prefix(2 * Self.compared)), tensor(generated.prefix(2 * Self.compared)))
    let values = stride(from: 0, to: points.count, by: 2 * Self.block).flatMap { start in
      model.realness(of: tensor(points[start..<min(start + 2 * Self.block, points.count)]), real: r, generated: f).values
    }
    guard values.allSatisfy(\.isFinite) else { return nil }
    let sorted = values.sorted()
    let bounds = (1..<Self.bands).map { sorted[$0 * sorted.count / Self.bands] }
    return values.map { value in bounds.count { $0 < value } }
  }

  private func shade(_ picture: inout Picture, _ bands: [Int]) {
    let count = (side + 1) / 2
    for y in 0..<side {
      for x in 0..<side {
        let (column, row) = (x / 2, y / 2)
        let band = bands[row * count + column]
        let isEdge =
          column + 1 < count && bands[row * count + column + 1] != band || row + 1 < count && bands[(row + 1) * count + column] != band
        let share = Float(band) / Float(Self.bands - 1)
        // White in the middle, light blue and light red at the ends; lines are darker.
        let (low, high) = (max(0, 1 - 2 * share), max(0, 2 * share - 1))
        let dim: Float = isEdge ? 0.8 : 1
        let colour = [1 - 0.55 * low, 1 - 0.25 * low - 0.4 * high, 1 - 0.55 * high]
        for channel in 0..<3 { picture[x: x, y: y, channel: channel] = UInt8((colour[channel] * dim * 255).rounded()) }
      }
    }
  }

  private func dots(_ picture: inout Picture, _ points: [Float], size: Int, _ colour: (UInt8, UInt8, UInt8)) {
    for index in stride(from: 0, to: points.count, by: 2) {
      let (x, y) = (place(points[index]), place(-points[index + 1]))
      guard let x, let y else { continue }
      for row in y..<min(y + size, side) {
        for column in x..<min(x + size, side) {
          for (channel, value) in [colour.0, colour.1, colour.2].enumerated() { picture[x: column, y: row, channel: channel] = value }
        }
      }
    }
  }

  /// The pixel of a coordinate; nil outside the picture and for what is no number.
  private func place(_ coordinate: Float) -> Int? {
    let pixel = (coordinate / extent + 1) / 2 * Float(side)
    return pixel >= 0 && pixel < Float(side) ? Int(pixel) : nil
  }
}
