import Glibc
import Testing

@testable import Communication

/// Each test runs in a process of its own, since handlers and flags belong to the process.
@Suite struct SignalsTests {
  /// Sends a signal to this process, not with `raise` to this thread: the threads of Swift's executors block all signals. Waits at
  /// most 10 s for its handler.
  static func send(_ signal: Int32, until arrived: () -> Bool) -> Bool {
    kill(getpid(), signal)
    for _ in 0..<10_000 where !arrived() { usleep(1000) }
    return arrived()
  }

  @Test func `each signal sets its flag and interrupts nothing`() async {
    await #expect(processExitsWith: .success) {
      Signals.install()
      guard Signals.pending == 0 else { exit(2) }
      for (signal, flag) in [
        (SIGUSR1, Signals.user1), (SIGTERM, Signals.terminate), (SIGINT, Signals.interrupt), (SIGUSR2, Signals.user2),
      ] {
        let before = Signals.pending
        guard before & flag == 0, Self.send(signal, until: { Signals.pending == before | flag }) else { exit(signal) }
      }
      exit(0)
    }
  }

  @Test func `a taken USR2 asks for one checkpoint, a wish to leave stays`() async {
    await #expect(processExitsWith: .success) {
      Signals.install()
      guard Self.send(SIGUSR2, until: { Signals.pending != 0 }) else { exit(2) }
      guard Signals.take() == Signals.user2, Signals.take() == 0 else { exit(3) }
      guard Self.send(SIGTERM, until: { Signals.pending != 0 }) else { exit(4) }
      guard Signals.take() == Signals.terminate, Signals.take() == Signals.terminate else { exit(5) }
      exit(0)
    }
  }

  @Test func `a second interrupt leaves at once`() async {
    await #expect(processExitsWith: .exitCode(130)) {
      Signals.install()
      guard Self.send(SIGINT, until: { Signals.pending != 0 }) else { exit(2) }
      _ = Self.send(SIGINT, until: { false })
      exit(0)
    }
  }
}
