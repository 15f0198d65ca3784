import Adversarial
import Archive
import ArgumentParser
import Communication
import Datasets
import Foundation
import Images
import Training
import Weights

/// How the process ends: an exit code, and a sentence for people.
struct Ending {
  let code: Int32
  let message: String

  init(code: Int32, message: String) {
    self.code = code
    self.message = message
  }

  /// What an error means to whoever started the program.
  init(_ error: any Error, of command: (any ParsableCommand.Type)? = nil) {
    switch error {
    case let error as RunError: self.init(code: error.code.rawValue, message: error.description)
    case let error as OptionError: self.init(code: 64, message: error.description)
    case let error as ModelError: self.init(code: 65, message: error.description)
    case let error as DatasetError: self.init(code: error.reason.exitCode, message: error.description)
    case let error as ArchiveError: self.init(code: Self.code(error.code), message: error.description)
    case let error as ImageError: self.init(code: 74, message: error.description)
    case let error as WeightError: self.init(code: error.reason.exitCode, message: error.description)
    case let error as LogError: self.init(code: 74, message: error.description)
    case let error as CommunicationError: self.init(code: 70, message: error.description)
    default:
      guard let command else {
        self.init(code: 70, message: "\(error)")
        return
      }
      self.init(code: command.exitCode(for: error).rawValue, message: command.fullMessage(for: error))
    }
  }

  /// Prints the sentence, on one rank, and ends the process before ranks have met.
  func exit() -> Never {
    if Self.isFirstRank {
      print()
    } else if code != 0 {
      // A launcher ends the whole job at the first bad exit; the first rank must have had its say by then.
      Thread.sleep(forTimeInterval: 1)
    }
    Foundation.exit(code)
  }

  /// Prints the sentence: help and the like to standard output, errors to standard error.
  func print() {
    guard !message.isEmpty else { return }
    let isError = code != 0
    let text = isError && !message.hasPrefix("Error:") ? "dist-gan: \(message)\n" : "\(message)\n"
    try? (isError ? FileHandle.standardError : FileHandle.standardOutput).write(contentsOf: Data(text.utf8))
  }

  private static func code(_ code: ArchiveError.Code) -> Int32 {
    switch code {
    case .notHDF5, .damaged, .missing, .wrongType, .wrongShape, .refused: 65
    case .cannotOpen: 66
    case .cannotCreate: 73
    case .cannotWrite: 74
    }
  }

  /// Whether this process is the one that speaks, as far as the launcher's environment tells before MPI is started.
  static var isFirstRank: Bool {
    let environment = ProcessInfo.processInfo.environment
    for name in ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"] {
      if let rank = environment[name] { return rank == "0" }
    }
    return true
  }
}
