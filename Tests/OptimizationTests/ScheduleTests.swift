import Foundation
import Optimization
import Testing

@Suite struct ScheduleTests {
  @Test func `a straight line begins and ends where it should`() {
    let schedule = Schedule.linear(from: 2, to: 0.5, after: 10, over: 20)
    #expect([0, 10, 15, 20, 30, 99].map(schedule.value(at:)) == [2, 2, 1.625, 1.25, 0.5, 0.5])
    #expect(Schedule.linear(to: 0, over: 4).value(at: 1) == 0.75)
  }

  @Test func `steps fall by their factor down to the floor`() {
    let schedule = Schedule.steps(from: 1, factor: 0.5, every: 3, floor: 0.2)
    #expect((0..<10).map(schedule.value(at:)) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2])
    // cGAN's: divided by 1.00004 at each step.
    let factor: Float = 1 / 1.00004
    #expect(abs(Double(Schedule.steps(factor: factor, every: 1).value(at: 50_000)) - pow(Double(factor), 50_000)) < 1e-7)
  }

  @Test func `a wave agrees with the library's cosine`() {
    let schedule = Schedule.cosine(from: 3, to: 1, after: 5, over: 1000)
    for step in stride(from: 0, to: 1100, by: 7) {
      let x = min(max(Double(step - 5) / 1000, 0), 1)
      #expect(abs(Double(schedule.value(at: step)) - (1 + 2 * (1 + cos(Double.pi * x)) / 2)) < 2e-7, "step \(step)")
    }
    #expect(schedule.value(at: 0) == 3 && schedule.value(at: 505) == 2 && schedule.value(at: 2000) == 1)
  }

  @Test func `a warm-up rises to the schedule and leaves it alone`() {
    let schedule = Schedule.linear(to: 0, over: 10).warmingUp(over: 4)
    #expect((0..<6).map(schedule.value(at:)) == [0.25, 0.45, 0.6, 0.7, 0.6, 0.5])
    #expect(Schedule.constant(0.3).value(at: 7) == 0.3 && Schedule(floatLiteral: 0.3) == .constant(0.3))
  }
}
