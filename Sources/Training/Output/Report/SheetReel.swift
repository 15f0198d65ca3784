internal import Foundation
import Images

/// The sample sheets of a run, made small enough for one page.
public struct SheetReel {
  /// One sheet.
  public struct Frame {
    /// Steps done when it was drawn.
    public let step: Int
    /// Its PNG file.
    public let png: [UInt8]
    /// Pixels of the sheet as it was drawn, for its shape on the page.
    public let width: Int, height: Int
    /// Whether it has fewer pixels than it was drawn with, beside those that only repeat others.
    public let isReduced: Bool
  }

  /// Sheets by ascending step.
  public private(set) var frames: [Frame] = []
  /// Sheets that are not shown, for want of room.
  public private(set) var left = 0
  /// Sheets whose file is gone or damaged.
  public private(set) var unreadable = 0
  /// How the sheets differ from the files; nil when they do not.
  public private(set) var note: String?

  /// More frames than a slider can tell apart, and than would have room.
  public static let mostFrames = 60

  /// What is given up, step by step, until the sheets fit: colours first, then size.
  private static let forms: [(colours: Int?, part: Double)] = [
    (nil, 1), (256, 1), (128, 1), (64, 1), (128, 0.75), (64, 0.75), (128, 0.5), (64, 0.5), (64, 0.375), (64, 0.25), (64, 0.18), (64, 0.125),
    (32, 0.08),
  ]

  /// Reads and packs sheets.
  /// - Parameters:
  ///   - files: steps and paths of PNG files, by ascending step.
  ///   - bytes: what all frames may take; the newest, which most look at, may take a fifth of it, and keeps its form if it can.
  public init(_ files: [(step: Int, path: String)], bytes: Int) {
    var pictures: [(step: Int, picture: Picture)] = []
    let chosen = Self.thinned(files)
    left = files.count - chosen.count
    for (step, path) in chosen {
      if let picture = try? Picture(pngAt: path) { pictures.append((step, picture)) } else { unreadable += 1 }
    }
    guard let (newestStep, newest) = pictures.last else { return }
    let alone = pictures.count == 1
    let last = Self.packed([newest], bytes: alone ? bytes : bytes / 5)
    let others = pictures.dropLast()
    let rest = Self.packed(others.map(\.picture), bytes: bytes - (last.png.first?.count ?? 0))
    let form = Self.forms[rest.form]
    for ((step, picture), png) in zip(others, rest.png) {
      frames.append(Frame(step: step, png: png, width: picture.width, height: picture.height, isReduced: form.part < 1))
    }
    if let png = last.png.first {
      let isReduced = Self.forms[last.form].part < 1
      frames.append(Frame(step: newestStep, png: png, width: newest.width, height: newest.height, isReduced: isReduced))
    }
    if rest.form > 0 {
      let size = form.part < 1 ? ", at \(Int((100 * form.part).rounded())) % of their size" : ""
      note = "older sheets are shown in \(form.colours ?? 256) colours\(size)"
    }
  }

  /// At most `mostFrames`, evenly spread, with the first and the last.
  private static func thinned(_ files: [(step: Int, path: String)]) -> [(step: Int, path: String)] {
    guard files.count > mostFrames else { return files }
    return (0..<mostFrames).map { files[$0 * (files.count - 1) / (mostFrames - 1)] }
  }

  /// All pictures in the first form in which they fit.
  private static func packed(_ pictures: [Picture], bytes: Int) -> (png: [[UInt8]], form: Int) {
    guard !pictures.isEmpty else { return ([], 0) }
    let sources = pictures.map { $0.withoutDoubling() }
    for index in forms.indices {
      let isLast = index + 1 == forms.count
      // One of the middle tells of most forms that they will not do.
      guard let probe = encoded(sources[sources.count / 2], index), isLast || probe.count * sources.count <= bytes * 5 / 4 else { continue }
      var (result, total): ([[UInt8]], Int) = ([], 0)
      for source in sources {
        guard let png = encoded(source, index) else { break }
        total += png.count
        if total > bytes && !isLast { break }
        result.append(png)
      }
      if result.count == sources.count { return (result, index) }
    }
    return ([], forms.count - 1)
  }

  private static func encoded(_ picture: Picture, _ form: Int) -> [UInt8]? {
    let (colours, part) = forms[form]
    func scaled(_ side: Int) -> Int { max(1, Int((Double(side) * part).rounded())) }
    let small = part == 1 ? picture : picture.resized(width: scaled(picture.width), height: scaled(picture.height), by: .area)
    return try? colours.map { try small.pngData(colours: $0) } ?? small.pngData()
  }
}

extension Picture {
  /// The picture that this one is the double of, pixel by pixel; itself when it is not doubled. Sheets of small images are.
  func withoutDoubling() -> Picture {
    guard width % 2 == 0, height % 2 == 0 else { return self }
    var samples: [UInt8] = []
    samples.reserveCapacity(pixels.count / 4)
    let row = width * channels
    for y in stride(from: 0, to: height, by: 2) {
      let line = pixels[y * row..<(y + 1) * row]
      guard line.elementsEqual(pixels[(y + 1) * row..<(y + 2) * row]) else { return self }
      for x in stride(from: line.startIndex, to: line.endIndex, by: 2 * channels) {
        guard line[x..<x + channels].elementsEqual(line[x + channels..<x + 2 * channels]) else { return self }
        samples += line[x..<x + channels]
      }
    }
    return Picture(width: width / 2, height: height / 2, channels: channels, pixels: samples)
  }
}
