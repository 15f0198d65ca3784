internal import Archive

/// Attribute of `imgs` in the files written here: the CRC-32C of all images as bytes, in their order.
let imageCheckName = "crc32c"

/// What the images of the set in a file were checked as when it was written; nil for files of others.
/// - Parameters:
///   - path: the file.
///   - group: group of the file that holds the set.
/// - Throws: `ArchiveError` when the file cannot be read.
public func storedImageCheck(_ path: String, group: String = "") throws -> UInt32? {
  let archive = try ArchiveReader(path: path)
  let images = group.isEmpty ? "imgs" : "\(group)/imgs"
  guard archive.hasAttribute(imageCheckName, of: images) else { return nil }
  // One of another type means something else.
  return (try? archive.attribute(imageCheckName, of: images, as: Int64.self)).flatMap { UInt32(exactly: $0) }
}

/// Writes a set as the HDF5 file that `HDF5Source` reads: contiguous `imgs` and `labels`, and the attributes `classes`, `name`, `license`.
///
/// The file appears complete or not at all.
/// - Throws: `DatasetError` when an image cannot be read or the file cannot be written.
public func writeHDF5(_ source: any ImageSource, to path: String) throws {
  do {
    try writeAtomically(to: path) { writer in
      let format = source.format
      let shape = [source.count, format.channels, format.height, format.width]
      let images = try writer.createDataSet("imgs", of: UInt8.self, shape: shape, storage: .contiguous)
      let step = max(1, (1 << 20) / format.sampleCount)
      var buffer = [UInt8](repeating: 0, count: step * format.sampleCount)
      var check: UInt32 = 0
      for start in stride(from: 0, to: source.count, by: step) {
        let rows = start..<min(source.count, start + step)
        try unsafe buffer.withUnsafeMutableBufferPointer { bytes in
          for row in rows {
            let place = (row - start) * format.sampleCount
            try unsafe source.read(row, into: UnsafeMutableBufferPointer(rebasing: bytes[place..<(place + format.sampleCount)]))
          }
          let filled = rows.count * format.sampleCount
          try unsafe images.write(UnsafeBufferPointer(rebasing: bytes[..<filled]), rows: rows)
          check = unsafe crc32c(UnsafeRawBufferPointer(start: bytes.baseAddress, count: filled), continuing: check)
        }
      }
      try writer.setAttribute(imageCheckName, of: "imgs", to: Int64(check))
      if let labels = source.labels {
        try writer.write("labels", labels.map { Int64($0) }, shape: [labels.count], storage: .contiguous)
      }
      if let classNames = source.classNames { try writer.setAttribute("classes", to: classNames) }
      if let license = source.license { try writer.setAttribute("license", to: license) }
      try writer.setAttribute("name", to: source.name)
    }
  } catch let error as ArchiveError {
    throw DatasetError(error)
  }
}
