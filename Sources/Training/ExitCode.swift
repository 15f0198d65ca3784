/// What the program's exit codes mean; scripts and batch systems act on them.
public enum ExitCode: Int32, Sendable {
  /// Everything was done.
  case done = 0
  /// The command line cannot be understood.
  case usage = 64
  /// Options or data do not match the model or the checkpoint.
  case mismatch = 65
  /// No loadable checkpoint.
  case noInput = 66
  /// Another run uses the output directory.
  case inUse = 69
  /// A fault of the program.
  case internalError = 70
  /// The output cannot be created.
  case cannotCreate = 73
  /// Reading or writing failed.
  case inputOutput = 74
  /// Stopped by a signal after a checkpoint: start again to go on.
  case preempted = 75
  /// Ranks hold different parameters.
  case replicasDiffer = 77
  /// A loss is not a number.
  case notANumber = 78
}

/// A run that cannot go on.
public struct RunError: Error, CustomStringConvertible, Sendable {
  /// What the process leaves with.
  public let code: ExitCode
  /// What was attempted, what was found, what to do.
  public let description: String

  /// An error with this code and sentence.
  public init(_ code: ExitCode, _ description: String) {
    self.code = code
    self.description = description
  }
}
