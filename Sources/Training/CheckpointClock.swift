/// When a checkpoint is due by steps or by the clock of rank 0.
struct CheckpointClock {
  /// The flag that rides with the signals, so that all ranks act at the same step.
  static let due: UInt64 = 1 << 32
  private let cadence: Cadence
  private var last = ContinuousClock.now

  init(_ cadence: Cadence) { self.cadence = cadence }

  func request(after step: Int, isLeader: Bool) -> UInt64 {
    switch cadence {
    case .never: 0
    case .steps(let number): step % max(number, 1) == 0 ? Self.due : 0
    case .minutes(let minutes): isLeader && last.duration(to: .now) >= .seconds(minutes * 60) ? Self.due : 0
    }
  }

  mutating func restart() { last = .now }
}
