import Testing

@testable import Kernels

@Test func `scratch memory is aligned, nested blocks lie apart, and what a thread keeps is lent again`() {
  var addresses: [UInt] = []
  for _ in 0..<3 {
    unsafe withScratch(1 << 20) { outer in
      unsafe outer.update(repeating: 1, count: 1 << 20)
      unsafe withScratch(3) { inner in
        unsafe inner.update(repeating: 2, count: 3)
        unsafe withScratch(1 << 18) { unsafe $0.update(repeating: 3, count: 1 << 18) }
        #expect((0..<3).allSatisfy { unsafe inner[$0] == 2 })
        #expect(UInt(bitPattern: inner) % 64 == 0)
      }
      #expect((0..<(1 << 20)).allSatisfy { unsafe outer[$0] == 1 })
      addresses.append(UInt(bitPattern: outer))
    }
  }
  #expect(addresses.allSatisfy { $0 % 64 == 0 } && addresses[1] == addresses[2])
}
