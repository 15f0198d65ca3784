/// A contact sheet: pictures of one size in rows, in sections one below the other.
///
/// With tile side `t`, margin `m` and label room `l` (the widest label and two margins, or 0), the tile in
/// column `c` begins at `x = m + l + c · (t + m)`; rows follow at the same distance. The scale multiplies the whole
/// sheet, margin, gap and letters with it.
/// The sheet has one channel if all pictures are grey, four if one of them is RGBA, otherwise three.
public struct Sheet: Sendable {
  /// Rows of pictures under one caption.
  public struct Section: Sendable {
    /// Written above the pictures, unless empty.
    public let caption: String
    /// The pictures, row by row.
    public let pictures: [Picture]
    /// Written at the left, one for each row, or none at all.
    public let rowLabels: [String]

    /// Creates a section; see `Sheet` for the letters that can be drawn.
    public init(caption: String = "", _ pictures: [Picture], rowLabels: [String] = []) {
      self.caption = caption
      self.pictures = pictures
      self.rowLabels = rowLabels
    }
  }

  /// Pictures in a row.
  public let columns: Int
  /// Pixels between pictures and at the edges.
  public let margin: Int
  /// Pixels, beside the margin, between two sections.
  public let gap: Int
  /// The grey of the ground; letters are black on a light ground and white on a dark one.
  public let background: UInt8
  /// How many times each pixel is repeated.
  public let scale: Int
  /// The sections from top to bottom.
  public let sections: [Section]

  /// Creates a sheet of sections.
  /// - Precondition: at least one picture, all of one size; labels for every row of a section or for none.
  public init(columns: Int, margin: Int = 2, gap: Int = 6, background: UInt8 = 255, scale: Int = 1, sections: [Section]) {
    precondition(
      columns > 0 && margin >= 0 && gap >= 0 && scale > 0,
      "Sheet: columns and scale must be positive, margin and gap not negative; got \(columns), \(scale), \(margin), \(gap)")
    let pictures = sections.flatMap(\.pictures)
    precondition(!pictures.isEmpty, "Sheet: there is no picture to show")
    for picture in pictures {
      precondition(
        picture.width == pictures[0].width && picture.height == pictures[0].height,
        "Sheet: pictures must have one size, got \(pictures[0].width) x \(pictures[0].height) and \(picture.width) x \(picture.height)")
    }
    for section in sections where !section.rowLabels.isEmpty {
      let rows = Self.rows(section, columns)
      precondition(section.rowLabels.count == rows, "Sheet: \(section.rowLabels.count) labels for \(rows) rows")
    }
    self.columns = columns
    self.margin = margin
    self.gap = gap
    self.background = background
    self.scale = scale
    self.sections = sections
  }

  /// Draws the sheet.
  public func picture() -> Picture {
    let pictures = sections.flatMap(\.pictures)
    let channels = pictures.map(\.shownChannels).max() ?? 1
    let (tileWidth, tileHeight) = (pictures[0].width, pictures[0].height)
    let labelWidth = sections.flatMap(\.rowLabels).map(BitmapFont.width).max() ?? 0
    let left = margin + (labelWidth > 0 ? labelWidth + 2 * margin : 0)
    let captionWidth = sections.map { BitmapFont.width(of: $0.caption) }.max() ?? 0
    let width = max(left + columns * (tileWidth + margin), left + captionWidth + margin)
    let height = margin + sections.map { sectionHeight($0, tileHeight) }.reduce(0, +) + gap * (sections.count - 1)

    var canvas = Picture(width: width, height: height, channels: channels, filledWith: background)
    if channels == 4 { canvas.makeOpaque() }
    var y = margin
    for section in sections {
      let hasCaption = !BitmapFont.drawable(section.caption).isEmpty
      if hasCaption { write(section.caption, on: &canvas, x: left, y: y) }
      let top = y + (hasCaption ? BitmapFont.height + margin : 0)
      for (row, label) in section.rowLabels.enumerated() {
        let middle = (tileHeight - BitmapFont.height) / 2
        write(label, on: &canvas, x: margin, y: max(0, top + row * (tileHeight + margin) + middle))
      }
      for (index, picture) in section.pictures.enumerated() {
        let (row, column) = (index / columns, index % columns)
        canvas.draw(
          picture.shown(in: channels), x: left + column * (tileWidth + margin), y: top + row * (tileHeight + margin))
      }
      y += sectionHeight(section, tileHeight) + gap
    }
    return canvas.enlarged(scale)
  }

  private static func rows(_ section: Section, _ columns: Int) -> Int {
    (section.pictures.count + columns - 1) / columns
  }

  /// Caption and rows, each with the margin below it.
  private func sectionHeight(_ section: Section, _ tileHeight: Int) -> Int {
    let caption = BitmapFont.drawable(section.caption).isEmpty ? 0 : BitmapFont.height + margin
    return caption + Self.rows(section, columns) * (tileHeight + margin)
  }

  /// Letters taller than a tile may be cut at the sheet's edge.
  private func write(_ text: String, on canvas: inout Picture, x: Int, y: Int) {
    let colour: UInt8 = background < 128 ? 255 : 0
    for (index, letter) in BitmapFont.drawable(text).enumerated() {
      for pixel in BitmapFont.ink(of: letter) {
        let (column, row) = (x + index * BitmapFont.advance + pixel.x, y + pixel.y)
        guard column < canvas.width && row < canvas.height else { continue }
        for channel in 0..<min(canvas.channels, 3) { canvas[x: column, y: row, channel: channel] = colour }
      }
    }
  }
}

extension Picture {
  fileprivate mutating func makeOpaque() {
    for y in 0..<height {
      for x in 0..<width { self[x: x, y: y, channel: channels - 1] = 255 }
    }
  }
}
