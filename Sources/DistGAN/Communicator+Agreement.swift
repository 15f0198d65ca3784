import Communication
import Foundation
import Training

/// A failure that all ranks know of: the first rank tells it, and all leave in order.
struct SharedFailure: Error {
  let ending: Ending
}

extension Communicator {
  /// Ends the program as `body` says, all ranks in order; the first one tells it.
  func leave(_ body: () throws -> Ending) -> Never {
    do {
      leave(try body())
    } catch let failure as SharedFailure {
      leave(failure.ending)
    } catch {
      // Other ranks may be waiting for this one.
      let failure = Ending(error)
      failure.print()
      abort(failure.code)
    }
  }

  /// Ends the program, all ranks in order.
  func leave(_ ending: Ending) -> Never {
    if rank == 0 { ending.print() }
    finish()
    Foundation.exit(ending.code)
  }

  /// Runs `body`, which uses no other rank, and waits for all ranks; if it failed on one, it fails on all.
  /// - Throws: `SharedFailure` with the error of the first rank that failed; what a collective throws.
  func together<Value>(_ body: () throws -> Value) throws -> Value {
    let result = Result { try body() }
    var report: [UInt8] = []
    if case .failure(let error) = result {
      let ending = Ending(error)
      report = Array("\(ending.code) \(ending.message)".utf8)
    }
    let reports = try unsafe report.withUnsafeBytes { try unsafe allGather($0) }
    guard let rank = reports.firstIndex(where: { !$0.isEmpty }) else { return try result.get() }
    let parts = String(decoding: reports[rank], as: UTF8.self).split(separator: " ", maxSplits: 1)
    let isEverywhere = reports.allSatisfy { !$0.isEmpty }
    let place = isEverywhere ? "" : "rank \(rank): "
    throw SharedFailure(ending: Ending(code: Int32(parts[0]) ?? 70, message: place + (parts.count > 1 ? parts[1] : "")))
  }

  /// The first rank's text, on every rank; fails on all if it fails there.
  func first(_ body: () throws -> String) throws -> String {
    let text = try together { rank == 0 ? Array(try body().utf8) : [] }
    let all = try unsafe text.withUnsafeBytes { try unsafe allGather($0) }
    return String(decoding: all[0], as: UTF8.self)
  }

  /// Makes sure that all ranks are about to run the same: program, processor, data, options.
  /// - Throws: `SharedFailure` with exit code 65 that names what differs.
  func agree(on run: RunConfiguration) throws {
    let own = RankFacts(run)
    let text = Array(own.text.utf8)
    let facts = try unsafe text.withUnsafeBytes { try unsafe allGather($0) }.map { RankFacts(text: String(decoding: $0, as: UTF8.self)) }
    let names = try hostNames()
    for (rank, other) in facts.enumerated() {
      guard let difference = facts[0].difference(from: other) else { continue }
      let (name, here, there) = difference
      let ranks = "\(name) is \(here) on rank 0 (\(names[0])), but \(there) on rank \(rank) (\(names[rank]))"
      throw SharedFailure(
        ending: Ending(
          code: ExitCode.mismatch.rawValue,
          message: "ranks were started differently: \(ranks); start all with the same program, options and data, on processors of one kind")
      )
    }
  }
}
