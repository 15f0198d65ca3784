import Kernels
import Testing

/// The test vectors published with FNV, 64 bits, form 1a.
@Test func `text hashes are the published ones`() {
  #expect(textHash("") == 0xcbf2_9ce4_8422_2325)
  #expect(textHash("a") == 0xaf63_dc4c_8601_ec8c)
  #expect(textHash("foobar") == 0x8594_4171_f739_67e8)
  #expect(textHash("a", seed: 1) != textHash("a"))
}
