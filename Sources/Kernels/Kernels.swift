import COpenBLAS

/// Raw memory a kernel reads: `Float`, row-major, contiguous; images are `[batch, height, width, channels]`.
public typealias Input = UnsafePointer<Float>
/// Raw memory a kernel writes, laid out like `Input`.
public typealias Output = UnsafeMutablePointer<Float>

/// The width in which explicit vector code works: one AVX-512 register, or two of AVX2.
typealias Lane = SIMD16<Float>

extension Lane {
  /// `self + x y`, rounded once.
  @inline(__always)
  func addingProduct(_ x: Lane, _ y: Lane) -> Lane { cblas_multiply_add(x, y, self) }

  @inline(__always)
  mutating func addProduct(_ x: Lane, _ y: Lane) { self = addingProduct(x, y) }
}

extension UnsafePointer<Float> {
  @inline(__always)
  func lane(_ index: Int) -> Lane { UnsafeRawPointer(self + index).loadUnaligned(as: Lane.self) }

  /// The `count` numbers from `index` on, then `padding`: tails take the same vector path as everything else, so that the bits of an
  /// element do not depend on its position.
  @inline(__always)
  func lane(_ index: Int, count: Int, padding: Float = 0) -> Lane {
    var lane = Lane(repeating: padding)
    withUnsafeMutableBytes(of: &lane) { $0.baseAddress!.copyMemory(from: self + index, byteCount: 4 * count) }
    return lane
  }
}

extension UnsafeMutablePointer<Float> {
  @inline(__always)
  func lane(_ index: Int) -> Lane { UnsafeRawPointer(self + index).loadUnaligned(as: Lane.self) }

  @inline(__always)
  func store(_ lane: Lane, _ index: Int) { UnsafeMutableRawPointer(self + index).storeBytes(of: lane, as: Lane.self) }

  @inline(__always)
  func store(_ lane: Lane, _ index: Int, count: Int) {
    withUnsafeBytes(of: lane) { UnsafeMutableRawPointer(self + index).copyMemory(from: $0.baseAddress!, byteCount: 4 * count) }
  }
}

/// Elements below which work is not worth handing to another thread.
let threadingGrain = 32768
