internal import Archive

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
      for start in stride(from: 0, to: source.count, by: step) {
        let rows = start..<min(source.count, start + step)
        try unsafe buffer.withUnsafeMutableBufferPointer { bytes in
          for row in rows {
            let place = (row - start) * format.sampleCount
            try unsafe source.read(row, into: UnsafeMutableBufferPointer(rebasing: bytes[place..<(place + format.sampleCount)]))
          }
          let filled = rows.count * format.sampleCount
          try unsafe images.write(UnsafeBufferPointer(rebasing: bytes[..<filled]), rows: rows)
        }
      }
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
