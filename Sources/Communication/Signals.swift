internal import Glibc
internal import Synchronization

/// Signals that ask a run to save its state, as flags that ranks combine before they act, so that all act at the same step.
///
/// | signal | meaning |
/// | --- | --- |
/// | USR1, TERM | write a checkpoint at the next step and leave |
/// | INT | the same; a second one leaves at once with exit code 130 |
/// | USR2 | write a checkpoint at the next step and go on |
public enum Signals {
  /// USR1 has come.
  public static let user1: UInt64 = 1 << 0
  /// TERM has come.
  public static let terminate: UInt64 = 1 << 1
  /// INT has come.
  public static let interrupt: UInt64 = 1 << 2
  /// USR2 has come.
  public static let user2: UInt64 = 1 << 3
  /// Any signal that asks to leave.
  public static let leave = user1 | terminate | interrupt
  /// Any signal that asks for a checkpoint.
  public static let checkpoint = leave | user2

  /// Lock-free, hence allowed in a signal handler.
  private static let flags = Atomic<UInt64>(0)

  /// Signals that have come since they were last taken.
  public static var pending: UInt64 { flags.load(ordering: .relaxed) }

  /// Returns the pending signals and forgets USR2, which asks for one checkpoint; the wish to leave stays.
  public static func take() -> UInt64 { flags.bitwiseAnd(leave, ordering: .relaxed).oldValue }

  /// Installs the handlers. System calls that a signal interrupts are taken up again.
  public static func install() {
    // The atomic is initialised here, outside of any handler.
    _ = pending
    for signal in [SIGUSR1, SIGTERM, SIGINT, SIGUSR2] {
      var action = sigaction()
      action.sa_flags = SA_RESTART
      unsafe sigemptyset(&action.sa_mask)
      unsafe action.__sigaction_handler.sa_handler = { Signals.handle($0) }
      unsafe sigaction(signal, &action, nil)
    }
  }

  private static func handle(_ signal: Int32) {
    let flag =
      switch signal {
      case SIGUSR1: user1
      case SIGTERM: terminate
      case SIGINT: interrupt
      default: user2
      }
    let before = flags.bitwiseOr(flag, ordering: .relaxed).oldValue
    if signal == SIGINT && before & interrupt != 0 { _exit(130) }
  }
}
