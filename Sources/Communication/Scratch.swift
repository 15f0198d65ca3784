/// Memory for messages that is kept from call to call, since fresh pages cost more than the messages they would carry.
@safe struct Scratch: ~Copyable {
  private var bytes: UnsafeMutableRawBufferPointer?

  /// At least `count` floats, aligned to a cache line; valid until the next call.
  mutating func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
    let needed = max(64, count * MemoryLayout<Float>.stride)
    if unsafe (bytes?.count ?? 0) < needed {
      unsafe bytes?.deallocate()
      unsafe bytes = .allocate(byteCount: needed, alignment: 64)
    }
    return unsafe bytes!.baseAddress!.bindMemory(to: Float.self, capacity: count)
  }

  deinit { unsafe bytes?.deallocate() }
}
