import Glibc
import Testing

@testable import Communication

/// A thread that reads one byte from a pipe.
@safe private final class Reader {
  private var ends: [Int32] = [0, 0]
  private(set) var thread = pthread_t()

  func start() {
    unsafe pipe(&ends)
    // Sound: the end to read from travels as the bits of the pointer, which is never followed.
    unsafe pthread_create(
      &thread, nil,
      { argument in
        // A thread inherits the mask of its maker, and the executors block all signals.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
        var byte: UInt8 = 0
        let count = unsafe read(Int32(Int(bitPattern: argument)), &byte, 1)
        return unsafe UnsafeMutableRawPointer(bitPattern: count)
      }, UnsafeMutableRawPointer(bitPattern: Int(ends[0])))
  }

  /// Sends the byte; what `read` returned.
  func finish() -> Int {
    unsafe write(ends[1], "x", 1)
    var result: UnsafeMutableRawPointer?
    unsafe pthread_join(thread, &result)
    return Int(bitPattern: result)
  }
}

/// Each test runs in a process of its own, since handlers and flags belong to the process.
@Suite struct SignalsTests {
  /// Sends a signal to this process, not with `raise` to this thread: the threads of Swift's executors block all signals. Waits at
  /// most 10 s for its handler.
  static func send(_ signal: Int32, until arrived: () -> Bool) -> Bool {
    kill(getpid(), signal)
    for _ in 0..<10_000 where !arrived() { usleep(1000) }
    return arrived()
  }

  @Test func `each signal sets its flag`() async {
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

  @Test func `a read that a signal interrupts is taken up again`() async {
    await #expect(processExitsWith: .success) {
      Signals.install()
      // The reader is a thread of its own that the signal is sent to; it waits in `read` until the byte comes.
      let reader = Reader()
      reader.start()
      usleep(100_000)
      pthread_kill(reader.thread, SIGUSR2)
      for _ in 0..<10_000 where Signals.pending == 0 { usleep(1000) }
      guard Signals.pending == Signals.user2 else { exit(2) }
      usleep(50_000)
      exit(reader.finish() == 1 ? 0 : 3)
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
