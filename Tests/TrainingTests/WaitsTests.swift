import Communication
import Testing

@testable import Training

@Suite struct WaitsTests {
  @Test func `what all ranks waited is communication, the rest is the work of slower ranks`() {
    let own = Waits(pieces: [0.5, 0, 0.25], smallSums: [1, 2])
    let parts = Waits.parts(own: own, least: ([0.25, 0, 0.25], [1, 0.5]))
    #expect(parts == Waits.Parts(gradients: 0.5, smallSums: 1.5, slowerRanks: 1.75))
    #expect(parts / 2 == Waits.Parts(gradients: 0.25, smallSums: 0.75, slowerRanks: 0.875))
  }

  @Test func `a process alone waits for nobody else`() throws {
    let own = Waits(pieces: [0.5], smallSums: [1, 2])
    #expect(try own.parts(over: SingleProcess()) == Waits.Parts(gradients: 0.5, smallSums: 3, slowerRanks: 0))
  }
}
