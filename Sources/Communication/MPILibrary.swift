internal import CMPI

/// The MPI library this program is linked to; asking starts nothing.
public enum MPILibrary {
  /// Its own words, as `Open MPI v4.1.4, package: …`.
  public static var version: String {
    var length: Int32 = 0
    var text = [CChar](repeating: 0, count: Int(MPI_MAX_LIBRARY_VERSION_STRING))
    guard unsafe MPI_Get_library_version(&text, &length) == MPI_SUCCESS else { return "unknown" }
    return String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// What the environment says of the launcher of this process, as `mpirun, 4 ranks`; nil when there is none.
  /// - Throws: `CommunicationError` when a launcher started several processes that MPI cannot join.
  public static func launcher(environment: [String: String]) throws -> String? {
    switch try Launcher.detect(in: environment) {
    case .none: nil
    case .found(let name, let ranks): ranks.map { "\(name), \($0) \($0 == 1 ? "rank" : "ranks")" } ?? name
    }
  }

  /// Bytes that /dev/shm has left on this host; nil where there is none.
  public static var sharedMemoryRoom: Int? { SharedMemory.room }
}

extension Cores {
  /// `core 0`, `cores 0-3,8`.
  public static func text(_ cores: [Int]) -> String { words(for: cores) }
}
