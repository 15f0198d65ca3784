extension ArchiveReader {
  /// Reads every data set once, so that each checksum in the file is checked, and compares each `crc32c` attribute.
  ///
  /// Data sets of types that are not read (text, compound, …) and links are passed over.
  /// - Returns: number of data sets read.
  /// - Throws: `ArchiveError` for the first one that is damaged.
  @discardableResult
  public func verify() throws(ArchiveError) -> Int {
    try verify(group: "", depth: 0)
  }

  private func verify(group: String, depth: Int) throws(ArchiveError) -> Int {
    // Hard links can form circles.
    guard depth < 32 else { throw ArchiveError(.refused, "groups are nested deeper than 32", path: path) }
    var count = 0
    for entry in try entries(in: group) {
      let name = group.isEmpty ? entry.name : "\(group)/\(entry.name)"
      switch entry.kind {
      case .group: count += try verify(group: name, depth: depth + 1)
      case .dataSet:
        try verify(dataSet: name)
        count += 1
      case .link, .other: continue
      }
    }
    return count
  }

  private func verify(dataSet name: String) throws(ArchiveError) {
    let dataSet = try dataSet(name)
    let check: UInt32? =
      switch dataSet.info.elementType {
      case .uint8: try checksum(of: dataSet, as: UInt8.self)
      case .uint16: try checksum(of: dataSet, as: UInt16.self)
      case .int32: try checksum(of: dataSet, as: Int32.self)
      case .int64: try checksum(of: dataSet, as: Int64.self)
      case .float16, .float32: try checksum(of: dataSet, as: Float.self)
      case .float64: try checksum(of: dataSet, as: Double.self)
      default: nil
      }
    guard let check, hasAttribute(checksumAttribute, of: name) else { return }
    let expected: Int64 = try attribute(checksumAttribute, of: name)
    guard Int64(check) == expected else {
      throw ArchiveError(.damaged, "data set '\(name)' contradicts its CRC-32C: the file is damaged", path: path)
    }
  }

  /// CRC-32C of a data set's bytes, read at most 64 MiB (but at least one row) at a time.
  private func checksum<Element: ArchiveElement>(of dataSet: DataSetReader, as type: Element.Type) throws(ArchiveError) -> UInt32 {
    let info = dataSet.info
    let rowByteCount = max(1, info.rowLength * info.elementType.byteCount)
    let step = max(1, (64 << 20) / rowByteCount)
    var check: UInt32 = 0
    for start in stride(from: 0, to: info.rowCount, by: step) {
      let rows = info.shape.isEmpty ? nil : start..<min(info.rowCount, start + step)
      let elements = try dataSet.read(rows: rows, as: type)
      check = unsafe elements.withUnsafeBytes { unsafe crc32c($0, continuing: check) }
    }
    return check
  }
}
