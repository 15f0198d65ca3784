internal import CHDF5

/// The HDF5 library this program is linked to.
public enum HDF5Library {
  /// Its version and whether it locks itself, as `1.10.8, thread-safe`.
  public static var version: String {
    Library.perform {
      var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
      guard unsafe H5get_libversion(&major, &minor, &release) >= 0 else { return "unknown" }
      var isSafe: hbool_t = false
      let isKnown = unsafe H5is_library_threadsafe(&isSafe) >= 0
      return "\(major).\(minor).\(release)" + (isKnown && isSafe ? ", thread-safe" : "")
    }
  }

  /// Compressions that can be read, as `deflate` and `szip`.
  public static var filters: [String] {
    let known: [(name: String, filter: Int32)] = [("deflate", 1), ("shuffle", 2), ("fletcher32", 3), ("szip", 4)]
    return Library.perform { known.filter { H5Zfilter_avail($0.filter) > 0 }.map(\.name) }
  }
}
