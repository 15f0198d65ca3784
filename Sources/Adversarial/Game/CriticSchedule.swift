/// How many updates the critic makes in each step, before the generator's: a value for `Game`'s `criticUpdates`.
public struct CriticSchedule: Sendable, Equatable {
  /// Updates in most steps.
  public var usual: Int
  /// Updates in a step that lets the critic catch up.
  public var thorough: Int
  /// Steps at the beginning that are thorough.
  public var first: Int
  /// Steps from one thorough step to the next later on; 0: none.
  public var interval: Int

  /// As many updates in every step.
  public init(_ usual: Int) { self.init(usual: usual, thorough: usual, first: 0, interval: 0) }

  /// A schedule of these numbers.
  public init(usual: Int, thorough: Int, first: Int, interval: Int) {
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
