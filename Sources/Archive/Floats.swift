// Float tensors, as checkpoints hold them: each carries a CRC-32C of its bytes, which is checked whenever it is read.

extension ArchiveWriter {
  /// Writes a float tensor with the attribute `crc32c`, the CRC-32C of its little-endian bytes.
  /// - Parameters:
  ///   - name: slash-separated name of the data set.
  ///   - shape: lengths of the axes; empty for a scalar.
  ///   - values: as many elements as `shape` says.
  ///   - storage: in one run or in chunks.
  /// - Throws: `ArchiveError` when writing fails.
  public func write(
    _ name: String, shape: [Int], _ values: UnsafeBufferPointer<Float>, storage: DataSetStorage = .chunked()
  ) throws(ArchiveError) {
    let dataSet = try createDataSet(name, of: Float.self, shape: shape, storage: storage)
    try unsafe dataSet.write(values)
    try setAttribute(checksumAttribute, of: name, to: Int64(unsafe crc32c(UnsafeRawBufferPointer(values))))
  }
}

extension ArchiveReader {
  /// Reads a float tensor and checks its shape and its CRC-32C.
  /// - Parameters:
  ///   - name: slash-separated name of the data set.
  ///   - shape: the shape the data set must have.
  ///   - buffer: filled with the elements; its contents are undefined after an error.
  /// - Throws: `ArchiveError` when the tensor is missing, has another shape or type, lacks its check, or is damaged.
  public func readFloats(_ name: String, shape: [Int], into buffer: UnsafeMutableBufferPointer<Float>) throws(ArchiveError) {
    let dataSet = try dataSet(name)
    guard dataSet.info.shape == shape else {
      throw ArchiveError(.wrongShape, "tensor '\(name)' has shape \(dataSet.info.shape), expected \(shape)", path: path)
    }
    try unsafe dataSet.read(into: buffer)
    let expected: Int64 = try attribute(checksumAttribute, of: name)
    guard Int64(unsafe crc32c(UnsafeRawBufferPointer(buffer))) == expected else {
      throw ArchiveError(.damaged, "tensor '\(name)' contradicts its CRC-32C: the file is damaged, use an older one", path: path)
    }
  }

  /// Reads a float tensor of any shape and checks its CRC-32C.
  /// - Throws: `ArchiveError` as `readFloats(_:shape:into:)` does.
  public func readFloats(_ name: String) throws(ArchiveError) -> (shape: [Int], values: [Float]) {
    let info = try info(name)
    guard info.elementType == .float32 else {
      throw ArchiveError(.wrongType, "data set '\(name)' holds \(info.elementType), expected float32", path: path)
    }
    var values = [Float](repeating: 0, count: info.count)
    try unsafe values.withUnsafeMutableBufferPointer { buffer throws(ArchiveError) in
      try unsafe readFloats(name, shape: info.shape, into: buffer)
    }
    return (info.shape, values)
  }
}

/// Attribute that holds the CRC-32C of a data set's bytes.
let checksumAttribute = "crc32c"
