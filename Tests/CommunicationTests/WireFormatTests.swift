import Testing

@testable import Communication

@Suite struct WireFormatTests {
  @Test func `numbers are rounded to the nearest of 8 bits, ties to even`() {
    // 1 + 2^-7 is the next number after 1; half way between two the even one is taken.
    #expect(BFloat16.rounded(1 + 0x1p-8) == 1 && BFloat16.rounded(1 + 0x1.8p-7) == 1 + 0x1p-6)
    #expect(BFloat16.rounded(1 + 0x1.8p-8) == 1 + 0x1p-7 && BFloat16.rounded(-3.1415927) == -3.140625)
    #expect(BFloat16.rounded(0) == 0 && BFloat16.rounded(-0.0).sign == .minus)
    #expect(BFloat16.rounded(.infinity) == .infinity && BFloat16.rounded(Float.greatestFiniteMagnitude) == .infinity)
    #expect(BFloat16.rounded(.nan).isNaN && BFloat16.rounded(Float(bitPattern: 0x7f80_0001)).isNaN)
  }

  @Test func `rounding twice is rounding once, and errs by a 256th at most`() {
    for index in 0..<10_000 {
      let value = Float(bitPattern: UInt32(truncatingIfNeeded: index &* 429_497) & 0xbfff_ffff)
      let rounded = BFloat16.rounded(value)
      #expect(BFloat16.rounded(rounded) == rounded && abs(rounded - value) <= max(abs(value) / 256, 0x1p-133))
    }
  }
}
