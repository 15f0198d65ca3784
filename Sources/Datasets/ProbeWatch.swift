/// Tells a process that makes no progress from one that is not let to: on a machine with more to do than cores even a sound file may take
/// minutes to open.
///
/// Counts against the process only the processor time that it takes, and the time that it sleeps without taking any. Time that it stands in
/// the queue for a core, or is stopped, is not its own.
public struct ProbeWatch {
  /// What the kernel says about a process.
  public struct Look: Equatable {
    /// Processor time so far, in the kernel's ticks of 1/100 s.
    public let ticks: Int
    /// Whether it waits for something other than a core.
    public let isAsleep: Bool

    /// From the text of `/proc/PID/stat`; nil when it is of another form.
    public init?(_ text: String) {
      // The second field is the program's name in brackets, which may hold anything.
      guard let end = text.lastIndex(of: ")") else { return nil }
      let fields = text[text.index(after: end)...].split(separator: " ")
      guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else { return nil }
      ticks = user + system
      isAsleep = fields[0] == "S" || fields[0] == "D"
    }
  }

  /// Seconds without a sign of life after which a process is given up.
  private let patience: Double
  private var spent = 0.0
  private var lastTicks = 0

  /// A watch over a process that has just begun.
  public init(patience: Double) { self.patience = patience }

  /// The process gave a sign of life.
  public mutating func hear() { spent = 0 }

  /// Looks at the process, some seconds after the look before.
  /// - Returns: whether it is to be given up.
  public mutating func isGivenUp(_ look: Look, after seconds: Double) -> Bool {
    let worked = Double(look.ticks - lastTicks) / 100
    spent += worked == 0 && look.isAsleep ? seconds : worked
    lastTicks = look.ticks
    return spent >= patience
  }
}
