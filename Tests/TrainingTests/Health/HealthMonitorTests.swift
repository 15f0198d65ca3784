import Adversarial
import Testing
import Training

/// Constructed histories: what is warned about, how often, and what is not.
@Suite struct HealthMonitorTests {
  static func health(
    accuracy: (Float, Float)? = (0.8, 0.75), lossSlope: Float? = 0.5, gradient: Float = 1e-3, distances: (Float?, Float) = (0.7, 0.6)
  ) -> Health {
    Health(
      accuracy: accuracy.map { Health.Pair(real: $0.0, fake: $0.1) }, slopes: Health.Pair(real: 1, fake: 1), lossSlope: lossSlope,
      distances: Health.Pair(real: distances.0, fake: distances.1), gradients: [], generatorGradient: gradient, singularValues: [])
  }
  static let sound = health()

  /// Examinations with warnings, by index.
  static func told(_ history: [Health]) -> [Int: [String]] {
    var monitor = HealthMonitor()
    var found: [Int: [String]] = [:]
    for (index, health) in history.enumerated() {
      let warnings = monitor.warnings(health)
      if !warnings.isEmpty { found[index] = warnings }
    }
    return found
  }

  static func times(_ count: Int, _ health: Health) -> [Health] { [Health](repeating: health, count: count) }

  @Test func `a sound run is told nothing`() {
    let spread = (0..<60).map { index in
      // Gradients over a factor of 20, accuracies up to 1, samples as close as a tenth of real ones.
      Self.health(
        accuracy: index % 2 == 0 ? (1, 0.98) : (0.6, 0.7), gradient: 1e-3 * (index % 3 == 0 ? 1 : 0.05),
        distances: (0.7, index % 4 == 0 ? 0.07 : 0.6))
    }
    #expect(Self.told(spread).isEmpty)
  }

  @Test func `a sure critic alone is no saturation`() {
    #expect(Self.told(Self.times(40, Self.health(accuracy: (1, 1)))).isEmpty)
  }

  @Test func `a sure critic and a weak gradient three times in a row are saturation, told once with what to try`() throws {
    let saturated = Self.health(accuracy: (0.996, 1), gradient: 5e-6)
    let found = Self.told(Self.times(6, Self.sound) + Self.times(9, saturated))
    #expect(found.keys.sorted() == [8] && found[8]?.count == 1)
    let text = try #require(found[8]?.first)
    #expect(text.hasPrefix("critic saturated: it tells 99.6 % of real and 100.0 % of generated images right"), "\(text)")
    #expect(text.contains("--loss non-saturating"), "\(text)")
    // A flat loss needs no history to be told.
    let flat = Self.told(Self.times(5, Self.health(accuracy: (1, 1), lossSlope: 0.009)))
    #expect(flat.keys.sorted() == [2] && flat[2]?.first?.contains("and its loss is flat there") == true, "\(flat)")
    #expect(Self.told(Self.times(5, Self.health(accuracy: (1, 1), lossSlope: 0.011))).isEmpty)
    #expect(Self.told(Self.times(5, Self.health(accuracy: (1, 0.9), lossSlope: 0.009))).isEmpty)
    // Twice is not enough, nor is one kind of images.
    #expect(Self.told(Self.times(6, Self.sound) + Self.times(2, saturated) + Self.times(9, Self.sound)).isEmpty)
    #expect(Self.told(Self.times(6, Self.sound) + Self.times(9, Self.health(accuracy: (0.99, 1), gradient: 5e-6))).isEmpty)
  }

  @Test func `gradients a thousandth of what they were have vanished, also without a threshold of the critic`() {
    let weak = Self.health(accuracy: nil, gradient: 0.9e-6)
    let found = Self.told(Self.times(5, Self.sound) + Self.times(6, weak))
    #expect(found.keys.sorted() == [7] && found[7]?.first?.hasPrefix("the generator's gradients vanished") == true, "\(found)")
    #expect(Self.told(Self.times(5, Self.sound) + Self.times(6, Self.health(accuracy: nil, gradient: 1.1e-6))).isEmpty)
    // A spike is no usual gradient.
    #expect(Self.told(Self.times(5, Self.sound) + [Self.health(gradient: 10)] + Self.times(20, Self.sound)).isEmpty)
    // One that creeps away is held against what it was, not against its own near past.
    let creeping = (0..<100).map { index in
      let halvings = Float(1 << (index / 5))
      return Self.health(accuracy: nil, gradient: 1e-3 / halvings)
    }
    #expect(Self.told(creeping).count == 1)
  }

  @Test func `a run without gradients from its beginning is told so`() {
    #expect(Self.told(Self.times(4, Self.health(gradient: 0.9e-8))).keys.sorted() == [2])
    #expect(Self.told(Self.times(4, Self.health(gradient: 0))).keys.sorted() == [2])
    #expect(Self.told(Self.times(4, Self.health(gradient: 1.1e-8))).isEmpty)
  }

  @Test func `a saturated critic explains vanished gradients`() {
    let found = Self.told(Self.times(5, Self.sound) + Self.times(5, Self.health(accuracy: (1, 1), gradient: 1e-9)))
    #expect(found.values.map(\.count) == [1] && found[7]?.first?.hasPrefix("critic saturated") == true, "\(found)")
  }

  @Test func `samples within a twentieth of the distance of real ones are nearly identical`() {
    let found = Self.told(Self.times(4, Self.health(distances: (0.8, 0.039))))
    #expect(found.keys.sorted() == [2] && found[2]?.first?.hasPrefix("samples nearly identical") == true, "\(found)")
    #expect(Self.told(Self.times(4, Self.health(distances: (0.8, 0.041)))).isEmpty)
    // A batch of one real image has no distance to hold them against.
    #expect(Self.told(Self.times(4, Self.health(distances: (nil, 0)))).isEmpty)
  }

  @Test func `an episode ends after as many sound examinations, and another is told anew`() {
    let same = Self.health(distances: (0.8, 0))
    let found = Self.told(
      Self.times(5, same) + Self.times(2, Self.sound) + Self.times(5, same) + Self.times(3, Self.sound) + Self.times(3, same))
    #expect(found.keys.sorted() == [2, 17])
  }
}
