import Glibc

/// Bytes of a huge page.
let hugePage = 1 << 21

/// `bytes` of memory, not cleared, on a cache line; of a huge page's size or more, on huge pages where the system has them. To be
/// deallocated by its `deallocate`.
///
/// Kernels walk through weights and scratch memory in strides longer than a page, so that with small pages every line they touch costs a
/// translation of its address.
public func allocateMemory(bytes: Int) -> UnsafeMutableRawPointer {
  let isLarge = bytes >= hugePage
  let memory = UnsafeMutableRawPointer.allocate(byteCount: max(bytes, 1), alignment: isLarge ? hugePage : 64)
  if isLarge { madvise(memory, bytes, MADV_HUGEPAGE) }
  return memory
}
