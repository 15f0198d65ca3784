/// How many updates the critic makes in each step, before the generator's: `--critic-steps`.
public struct CriticSchedule: Sendable, Equatable, ExpressibleByIntegerLiteral {
  /// Updates in most steps.
  public let usual: Int
  /// Updates in a step that lets the critic catch up.
  public let thorough: Int
  /// Steps at the beginning that are thorough.
  public let first: Int
  /// Steps from one thorough step to the next later on; 0: none.
  public let interval: Int

  /// As many updates in every step.
  public init(_ usual: Int) { self.init(usual: usual, thorough: usual, first: 0, interval: 0) }

  /// As many updates in every step.
  public init(integerLiteral usual: Int) { self.init(usual) }

  private init(usual: Int, thorough: Int, first: Int, interval: Int) {
    self.usual = usual
    self.thorough = thorough
    self.first = first
    self.interval = interval
  }

  /// 100 updates in each of the first 25 steps and in every 500th, 5 in the others.
  /// - Source: the authors' code, martinarjovsky/WassersteinGAN, main.py.
  public static let wasserstein = CriticSchedule(usual: 5, thorough: 100, first: 25, interval: 500)

  /// Updates in step `step` from 0.
  public func callAsFunction(_ step: Int) -> Int {
    step < first || interval > 0 && step.isMultiple(of: interval) ? thorough : usual
  }
}

extension CriticSchedule {
  /// The word for `wasserstein`.
  static let wassersteinWord = "wasserstein"
  private static let counts = 1...1000
  /// What the text must be.
  static let expectation = "a number from \(counts.lowerBound) to \(counts.upperBound), wasserstein or own"

  /// Reads a number of updates, or the word for WGAN's schedule.
  init?(optionText: String) {
    if optionText == Self.wassersteinWord {
      self = .wasserstein
    } else if let count = Int(optionText), Self.counts.contains(count) {
      self.init(count)
    } else {
      return nil
    }
  }

  /// The text that reads back as the schedule.
  var optionText: String { self == .wasserstein ? Self.wassersteinWord : "\(usual)" }
}
