import Adversarial
import Communication
import Testing

@testable import Training

@Suite struct StepMeasurementTests {
  @Test func `two times give what does not shrink and what does`() {
    let compute = StepMeasurement(samples: (32, 8), seconds: (3.3, 0.9)).compute
    #expect(abs(compute.fixedSeconds - 0.1) < 1e-12 && abs(compute.secondsPerSample - 0.1) < 1e-12 && compute.includesPartials)
  }

  @Test(arguments: [(3.2, 0.5), (1.0, 2.0), (1.0, 1.0)])
  func `disturbed times never give a falling line or a negative start`(share: Double, part: Double) {
    let compute = StepMeasurement(samples: (32, 8), seconds: (share, part)).compute
    #expect(compute.fixedSeconds >= 0 && compute.secondsPerSample >= 0)
    // The share itself is met exactly.
    #expect(abs(compute.fixedSeconds + 32 * compute.secondsPerSample - share) < 1e-12)
  }

  @Test func `real steps of a small model are timed`() throws {
    let model = try ModelEntry(TinyModel.self).configured()
    let measured = try StepMeasurement(model, options: RunOptions(model.run), source: DrawnImages(), communicator: SingleProcess())
    #expect(measured.samples == (6, 1) && measured.seconds.share > 0 && measured.seconds.part > 0 && measured.seconds.share < 10)
  }
}
