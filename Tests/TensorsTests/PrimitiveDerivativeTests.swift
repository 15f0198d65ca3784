import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Tensors

@Suite struct PrimitiveDerivativeTests {
  /// Each case is checked once, whichever tests read it.
  static let reports: [String: DerivativeReport] = Dictionary(
    PrimitiveCase.all.map { ($0.name, $0.check()) }, uniquingKeysWith: { first, _ in first })

  @Test(arguments: PrimitiveCase.all)
  func `first and second derivatives agree with central differences of the replay`(_ primitive: PrimitiveCase) throws {
    let report = try #require(Self.reports[primitive.name])
    #expect(report.isWithinTolerance, "\(report.summary)")
  }

  @Test func `every primitive type in the sources is in the catalogue`() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Sources/Tensors")
    let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)).compactMap { $0 as? URL }
    var declared: Set<String> = []
    for file in files where file.pathExtension == "swift" {
      for match in try String(contentsOf: file, encoding: .utf8).matches(of: /(?:struct|class|enum) (\w+): Primitive\b/) {
        declared.insert(String(match.1))
      }
    }
    #expect(!declared.isEmpty)
    #expect(declared == Set(PrimitiveCatalog.all.map { "\($0)" }))
  }

  @Test func `every primitive of the catalogue is run by a case`() {
    let run = Self.reports.values.reduce(into: Set<String>()) { $0.formUnion($1.primitives) }
    #expect(Set(PrimitiveCatalog.all.map { "\($0)" }).subtracting(run).isEmpty)
    #expect(Self.reports.count == PrimitiveCase.all.count, "two cases have the same name")
  }

  @Test func `the largest errors are printed`() {
    let reports = Self.reports
    func largest(_ error: (DerivativeReport) -> Double) -> String {
      guard let worst = reports.max(by: { error($0.value) < error($1.value) }) else { return "none" }
      return "\(error(worst.value).formatted(.number.notation(.scientific).precision(.fractionLength(2)))) (\(worst.key))"
    }
    print(
      "derivatives of \(PrimitiveCatalog.all.count) primitives in \(reports.count) forms, largest relative errors:",
      "forward \(largest(\.forwardError)), first order \(largest(\.firstOrderError)), second order \(largest(\.secondOrderError))")
    #expect(!reports.isEmpty)
  }

  @Test func `a wrong first derivative is found`() {
    let report = checkDerivatives(at: [Samples.normal([3, 5])]) { apply(WrongFirstDerivative(), $0) }
    #expect(report.firstOrderError > 1e-3 && report.firstOrderError.isFinite)
    #expect(report.forwardError < DerivativeReport.firstOrderTolerance)
    #expect(!report.isWithinTolerance)
  }

  @Test func `a wrong second derivative behind a right first one is found`() {
    let report = checkDerivatives(at: [Samples.normal([3, 5])]) { apply(WrongSecondDerivative(), $0) }
    #expect(report.firstOrderError < DerivativeReport.firstOrderTolerance)
    #expect(report.secondOrderError > 1e-3)
    #expect(!report.isWithinTolerance)
  }

  @Test func `a derivative that forgets what it depends on is found`() {
    let report = checkDerivatives(at: [Samples.normal([3, 5])]) { apply(ForgetfulDerivative(), $0) }
    #expect(report.firstOrderError < DerivativeReport.firstOrderTolerance)
    #expect(report.secondOrderError > 1e-3)
    #expect(!report.isWithinTolerance)
  }

  @Test func `a function that detaches a value by mistake is found`() {
    let report = checkDerivatives(at: [Samples.normal([3, 5])]) { $0[0] / $0[0].squared().sum().squareRoot().detached }
    #expect(report.functionError > 2 * FunctionSlope.tolerance)
    #expect(!report.isWithinTolerance)
  }

  @Test func `a wrong forward kernel is found`() {
    let report = checkDerivatives(at: [Samples.normal([3, 5])]) { apply(WrongForward(), $0) }
    #expect(report.forwardError > 1e-3)
    #expect(!report.isWithinTolerance)
  }
}

/// `y = x²` whose derivative is one percent too large.
private struct WrongFirstDerivative: ReplayedPrimitive {
  static let name = "square with a wrong derivative"
  func outputShape(_ inputs: [[Int]]) -> [Int] { inputs[0] }
  func forward(_ inputs: [Tensor], _ output: Tensor) { square(inputs[0], output) }
  var keeps: Kept { .inputs(0) }
  func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] { [cotangent * context.inputs[0] * 2.02] }
  func reference(_ inputs: [Array64]) -> Array64 { squareReference(inputs[0]) }
}

/// `y = x²` whose derivative has the right numbers but a wrong derivative of its own.
private struct WrongSecondDerivative: ReplayedPrimitive {
  static let name = "square with a wrong second derivative"
  func outputShape(_ inputs: [[Int]]) -> [Int] { inputs[0] }
  func forward(_ inputs: [Tensor], _ output: Tensor) { square(inputs[0], output) }
  var keeps: Kept { .inputs(0) }
  func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] { [cotangent * apply(WrongDouble(), [context.inputs[0]])] }
  func reference(_ inputs: [Array64]) -> Array64 { squareReference(inputs[0]) }
}

/// `y = x²` whose derivative has the right numbers but counts x as a constant.
private struct ForgetfulDerivative: ReplayedPrimitive {
  static let name = "square with a forgetful derivative"
  func outputShape(_ inputs: [[Int]]) -> [Int] { inputs[0] }
  func forward(_ inputs: [Tensor], _ output: Tensor) { square(inputs[0], output) }
  var keeps: Kept { .inputs(0) }
  func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] { [cotangent * (context.inputs[0].detached * 2)] }
  func reference(_ inputs: [Array64]) -> Array64 { squareReference(inputs[0]) }
}

/// `y = 2x` with derivative -2.
private struct WrongDouble: ReplayedPrimitive {
  static let name = "double with a wrong derivative"
  func outputShape(_ inputs: [[Int]]) -> [Int] { inputs[0] }
  func forward(_ inputs: [Tensor], _ output: Tensor) {
    for index in 0..<output.count { unsafe output.output[index] = 2 * inputs[0].input[index] }
  }
  var keeps: Kept { .nothing }
  func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] { [cotangent * -2] }
  func reference(_ inputs: [Array64]) -> Array64 { Array64(inputs[0].values.map { 2 * $0 }, shape: inputs[0].shape) }
}

/// `y = x²` whose kernel is off by a percent.
private struct WrongForward: ReplayedPrimitive {
  static let name = "square with a wrong kernel"
  func outputShape(_ inputs: [[Int]]) -> [Int] { inputs[0] }
  func forward(_ inputs: [Tensor], _ output: Tensor) {
    for index in 0..<output.count { unsafe output.output[index] = 1.01 * inputs[0].input[index] * inputs[0].input[index] }
  }
  var keeps: Kept { .inputs(0) }
  func vjp(_ cotangent: Tensor, _ context: VJPContext) -> [Tensor?] { [cotangent * context.inputs[0] * 2] }
  func reference(_ inputs: [Array64]) -> Array64 { squareReference(inputs[0]) }
}

private func square(_ x: Tensor, _ y: Tensor) {
  for index in 0..<y.count { unsafe y.output[index] = x.input[index] * x.input[index] }
}

private func squareReference(_ x: Array64) -> Array64 { Array64(x.values.map { $0 * $0 }, shape: x.shape) }
