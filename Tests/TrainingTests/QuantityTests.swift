import Adversarial
import Testing
import Training

@Suite struct QuantityTests {
  @Test(arguments: [
    (Quantity.bandwidth, "10Gbit", 1.25e9), (.bandwidth, "200Mbit/s", 25e6), (.bandwidth, "1.25GB/s", 1.25e9),
    (.bandwidth, "1GiB/s", 1_073_741_824),
    (.bandwidth, "1e3B", 1000), (.duration, "30us", 30e-6), (.duration, "5ms", 5e-3), (.duration, "0s", 0), (.duration, "2.5s", 2.5),
    (.operations, "3TF", 3e12), (.operations, "500GFLOP/s", 5e11), (.operations, "1.5TFLOPS", 1.5e12),
  ])
  func `units are read`(_ quantity: Quantity, _ text: String, _ expected: Double) throws {
    let value = try quantity.value(text, option: "x")
    #expect(abs(value - expected) <= 1e-12 * expected, "\(text): \(value)")
  }

  @Test(arguments: [
    (Quantity.bandwidth, "10"), (.bandwidth, "10Gbps"), (.bandwidth, "-1GB/s"), (.bandwidth, "0GB/s"), (.bandwidth, "GB/s"),
    (.bandwidth, "1gB"),
    (.duration, "5"), (.duration, "5m"), (.duration, "5ms/s"), (.duration, "-1us"), (.duration, "nans"), (.operations, "3T"),
    (.operations, "3TB"), (.operations, ""),
  ])
  func `another unit is refused with the forms that are understood`(_ quantity: Quantity, _ text: String) {
    let error = #expect(throws: OptionError.self) { try quantity.value(text, option: "rate") }
    #expect(error?.description.hasPrefix("--rate \(text): ") == true && error?.description.hasSuffix(quantity.forms) == true)
  }

  @Test(arguments: Quantity.allCases) func `every form that is shown is understood`(_ quantity: Quantity) throws {
    for form in quantity.forms.split(separator: ", ") { #expect(try quantity.value(String(form), option: "x") > 0) }
  }
}
