/// FNV-1a of a text, begun at `seed`: what names (paths, purposes) are keyed by.
/// - Source: Fowler, Noll, Vo; offset basis and prime of the 64-bit form.
public func textHash(_ text: String, seed: UInt64 = 0) -> UInt64 {
  text.utf8.reduce(seed ^ 0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}
