import CHDF5

/// HDF5's error stack of the current thread, as text.
struct ErrorStack: Sendable {
  /// `function: message`, innermost call first.
  var lines: [String] = []
  /// Message of the innermost call; for a failed system call, the system's words.
  var reason = "no reason given by HDF5"

  /// Reads and clears the stack of this thread.
  /// - Precondition: called under `Library`'s lock, directly after the failing call.
  static func take() -> ErrorStack {
    var stack = ErrorStack()
    _ = unsafe withUnsafeMutablePointer(to: &stack) { pointer in
      unsafe H5Ewalk2(
        H5E_DEFAULT, H5E_WALK_UPWARD,
        { position, entry, context in
          guard let entry = unsafe entry, let context = unsafe context else { return 0 }
          let message = unsafe entry.pointee.desc.map { unsafe String(cString: $0) } ?? ""
          let function = unsafe entry.pointee.func_name.map { unsafe String(cString: $0) } ?? "HDF5"
          let stack = unsafe context.assumingMemoryBound(to: ErrorStack.self)
          if position == 0 && !message.isEmpty { unsafe stack.pointee.reason = ErrorStack.systemMessage(in: message) ?? message }
          unsafe stack.pointee.lines.append("\(function): \(message)")
          return 0
        }, pointer)
    }
    H5Eclear2(H5E_DEFAULT)
    return stack
  }

  /// The part that `strerror` gave, in a message such as `unable to open file: …, errno = 2, error message = 'No such file', …`.
  private static func systemMessage(in message: String) -> String? {
    let marker = "error message = '"
    guard let start = message.firstRange(of: marker) else { return nil }
    return String(message[start.upperBound...].prefix { $0 != "'" })
  }
}
