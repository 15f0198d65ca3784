internal import CHDF5

/// LZF, the compression that h5py and BigGAN-PyTorch offer beside gzip; HDF5 itself has no decoder for it.
enum LZF {
  /// Number of the filter in HDF5's registry.
  static let filterNumber: H5Z_filter_t = 32000

  /// Decodes a block.
  ///
  /// A byte below 32 is followed by one more literal bytes than it says; any other names, in its upper three bits, a length (7: plus the
  /// next byte) of two more bytes to repeat, from as far back as its lower five bits and the next byte say, plus one.
  /// - Parameters:
  ///   - source: the compressed bytes.
  ///   - target: room for the result.
  /// - Returns: number of bytes decoded; `nil` when the block is damaged or the room too small.
  /// - Source: the format of LibLZF by M. Lehmann, as h5py's files hold it.
  static func decode(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int? {
    var (read, written) = (0, 0)
    while read < source.count {
      let control = unsafe Int(source[read])
      read += 1
      if control < 32 {
        let count = control + 1
        guard read + count <= source.count, written + count <= target.count else { return nil }
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[written..<(written + count)])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[read..<(read + count)]))
        read += count
        written += count
        continue
      }
      var count = control >> 5
      if count == 7 {
        guard read < source.count else { return nil }
        count += unsafe Int(source[read])
        read += 1
      }
      guard read < source.count else { return nil }
      let start = unsafe written - (control & 31) << 8 - Int(source[read]) - 1
      read += 1
      count += 2
      guard start >= 0, written + count <= target.count else { return nil }
      // Byte by byte: what is repeated may overlap what it is repeated to.
      for index in 0..<count { unsafe target[written + index] = unsafe target[start + index] }
      written += count
    }
    return written
  }

  /// Makes HDF5 read data sets compressed by LZF.
  /// - Precondition: called under `Library`'s lock.
  static func register() {
    let name: StaticString = "lzf"
    var filter = unsafe H5Z_class2_t()
    unsafe filter.version = H5Z_CLASS_T_VERS
    unsafe filter.id = filterNumber
    unsafe filter.encoder_present = 0
    unsafe filter.decoder_present = 1
    // Sound: static text lives as long as the program.
    unsafe filter.name = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    unsafe filter.filter = { flags, numberCount, numbers, count, capacity, buffer in
      guard flags & H5Z_FLAG_REVERSE != 0, let capacity = unsafe capacity, let buffer = unsafe buffer else { return 0 }
      let expected = unsafe numberCount > 2 ? Int(numbers?[2] ?? 0) : 0
      return unsafe LZF.replace(buffer, count: count, capacity: capacity, expected: expected)
    }
    unsafe H5Zregister(&filter)
  }

  /// Replaces a compressed block by the decoded one.
  /// - Parameter expected: the size of the decoded block as the file states it; checksums may follow it.
  /// - Returns: number of bytes decoded; 0 when the block is damaged.
  private static func replace(
    _ buffer: UnsafeMutablePointer<UnsafeMutableRawPointer?>, count: Int, capacity: UnsafeMutablePointer<Int>, expected: Int
  ) -> Int {
    // Three bytes can stand for 264 at most: a block that states more is damaged, and would cost memory only.
    let room = min(expected + 8, count * 88)
    guard let source = unsafe buffer.pointee, room >= expected, room > 0, let target = unsafe H5allocate_memory(room, false) else {
      return 0
    }
    let decoded = unsafe decode(
      UnsafeRawBufferPointer(start: source, count: count), into: UnsafeMutableRawBufferPointer(start: target, count: room))
    // HDF5 takes the size of a chunk on trust: a short one would be read beyond its end.
    guard let decoded, decoded >= expected, decoded > 0 else {
      unsafe H5free_memory(target)
      return 0
    }
    unsafe H5free_memory(source)
    unsafe buffer.pointee = target
    unsafe capacity.pointee = room
    return decoded
  }
}
