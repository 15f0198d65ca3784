import Kernels
import Tensors

/// Every primitive on a sharded batch, in every form that takes a way of its own through the kernels; a new one is one line.
extension PrimitiveForm {
  static var all: [PrimitiveForm] { elementwise + broadcasting + reductions + shaping + products + convolutions + pooling }

  private static var elementwise: [PrimitiveForm] {
    [
      unary("negate") { -$0 }, unary("exponential") { $0.exponential() }, unary("logarithm") { $0.logarithm() },
      unary("square root") { $0.squareRoot() }, unary("reciprocal") { $0.reciprocal() }, unary("square") { $0.squared() },
      unary("hyperbolic tangent") { $0.hyperbolicTangent() }, unary("sigmoid") { $0.sigmoid() }, unary("softplus") { $0.softplus() },
      PrimitiveForm("identity", { [$0.rows([3, 5])] }, { apply(Identity(), $0) }),
      PrimitiveForm("sum of powers", { [$0.positive([3, 7])] }) {
        $0[0].sumOfPowers([.init(factor: 1, scale: 2.5, exponent: -0.2), .init(factor: 0.5, scale: 0.1, exponent: -5)])
      },
      PrimitiveForm("affine", { [$0.rows([7])] }, { $0[0] * -1.5 + 0.25 }),
      PrimitiveForm("rectify", { [$0.rows([3, 7])] }, { $0[0].rectified() }),
      PrimitiveForm("rectify with slope 0.2", { [$0.rows([3, 7])] }, { $0[0].leakyRectified(slope: 0.2) }),
      PrimitiveForm("magnitude", { [$0.rows([3, 7])] }, { $0[0].magnitude() }),
      PrimitiveForm("clamp", { [$0.rows([3, 7])] }, { $0[0].clamped(from: -0.5, to: 0.7) }),
    ]
  }

  private static func unary(_ name: String, _ function: @escaping (Tensor) -> Tensor) -> PrimitiveForm {
    PrimitiveForm(name, { [$0.positive([3, 5])] }, { function($0[0]) })
  }

  private static var operations: [(String, (Tensor, Tensor) -> Tensor)] {
    [
      ("add", { $0 + $1 }), ("subtract", { $0 - $1 }), ("multiply by", { $0 * $1 }), ("divide by", { $0 / $1 }),
    ]
  }

  private static var broadcasting: [PrimitiveForm] {
    operations.flatMap { name, operation in
      [
        PrimitiveForm("\(name) bias", { [$0.rows([2, 3, 5]), $0.shared([5]) + 3] }, { operation($0[0], $0[1]) }),
        PrimitiveForm("\(name) scalar", { [$0.rows([4, 5]), $0.shared([]) + 3] }, { operation($0[0], $0[1]) }),
        PrimitiveForm(
          "\(name) scalar from the left", { [$0.shared([]), $0.positive([4, 5])] }, { operation($0[0], $0[1]) }),
        PrimitiveForm(
          "\(name) one number for each sample and channel", { [$0.rows([2, 3, 5]), $0.positive([1, 1, 5], 1)] },
          { operation($0[0], $0[1]) }),
        PrimitiveForm(
          "\(name) image for all samples", { [$0.rows([2, 3, 5]), $0.shared([1, 2, 3, 5]) + 5] },
          { operation($0[0], $0[1]) }),
      ]
    } + [
      PrimitiveForm("bias on images larger than a task", { [$0.rows([20, 20, 24]), $0.shared([24])] }, { $0[0] * $0[1] }),
      PrimitiveForm("bias of 5,000 channels", { [$0.rows([5000]), $0.shared([5000])] }, { $0[0] * $0[1] }),
      PrimitiveForm(
        "broadcast within samples", { [$0.rows([1, 4])] }, { $0[0].broadcast(to: [$0[0].shape[0], 3, 4], layout: $0[0].layout) }),
      PrimitiveForm(
        "broadcast to the batch", { [$0.shared([1, 3]), $0.rows([3])] },
        { $0[0].broadcast(to: $0[1].shape, layout: $0[1].layout) * $0[1] }),
    ]
  }

  private static var reductions: [PrimitiveForm] {
    [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]].map { axes in
      PrimitiveForm("sum over \(axes)", { [$0.rows([3, 4])] }, { $0[0].sum(axes: axes) })
    } + [
      PrimitiveForm("sum over the batch of 5,000 columns", { [$0.rows([5000])] }, { $0[0].sum(axes: [0]) }),
      PrimitiveForm("sum over batch and pixels", { [$0.rows([20, 20, 24])] }, { $0[0].sum(axes: [0, 1, 2]) }),
      PrimitiveForm("sum over everything", { [$0.rows([40, 50])] }, { $0[0].sum() }),
      PrimitiveForm("difference from the mean over the batch", { [$0.rows([5])] }, { $0[0] - $0[0].mean(axes: [0]) }),
      PrimitiveForm("softmax", { [$0.rows([3, 7])] }, { $0[0].softmax() }),
      PrimitiveForm("log-sum-exp", { [$0.rows([4, 5])] }, { $0[0].logSumExp() }),
      PrimitiveForm("standardize vectors", { [$0.rows([3])] }, { $0[0].standardized(epsilon: 1e-3).0 }),
      PrimitiveForm("standardize images", { [$0.rows([3, 2, 5])] }, { $0[0].standardized(epsilon: 1e-5).0 }),
      PrimitiveForm("standardize images larger than a task", { [$0.rows([16, 16, 16])] }, { $0[0].standardized(epsilon: 1e-5).0 }),
      PrimitiveForm("standardize with gain, bias and rectifier", { [$0.rows([5, 4, 20]), $0.rows([20]), $0.rows([20])] }) { x in
        x[0].standardized(epsilon: 1e-5, gain: x[1], bias: x[2], slope: 0).0
      },
      PrimitiveForm("spectral division of a sum over the batch", { [$0.rows([6, 4]), $0.rows([3])] }) { x in
        let weight = x[0].sum(axes: [0])
        let quotient = weight.dividedBySingularValue(u: Tensor(repeating: 0.5, shape: [4]), v: Tensor(repeating: 0.25, shape: [6]))
        return x[1].rowProduct(quotient.slice(axis: 0, 0..<3))
      },
      PrimitiveForm("mean and variance of standardize", { [$0.rows([3, 2, 5])] }) { x in
        let (y, moments) = x[0].standardized(epsilon: 1e-5)
        return y * moments.mean + moments.variance
      },
    ]
  }

  private static var shaping: [PrimitiveForm] {
    [
      PrimitiveForm("reshape", { [$0.rows([3, 4])] }, { $0[0].reshaped([$0[0].shape[0], -1]) }),
      PrimitiveForm("transpose", { [$0.rows([3, 4, 2])] }, { $0[0].transposed([0, 3, 1, 2]) }),
      PrimitiveForm("slice", { [$0.rows([3, 7])] }, { $0[0].slice(axis: 2, 2..<5) }),
      PrimitiveForm("pad", { [$0.rows([3, 2])] }, { $0[0].padded(before: [0, 1, 2], after: [0, 2, 1]) }),
      PrimitiveForm("concatenate channels", { [$0.rows([2, 3]), $0.rows([2, 5], 1)] }, { concatenated($0, axis: 2) }),
      PrimitiveForm("concatenate the batch", { [$0.rows([3]), $0.rows([3], 1)] }, { concatenated($0, axis: 0) }),
      PrimitiveForm("sums of a concatenation", { [$0.rows([3]), $0.rows([3], 1), $0.shared([3])] }) { x in
        let joined = concatenated([x[0], x[1]], axis: 0) * x[2]
        return (joined - joined.mean(axes: [0])).squared().sum(axes: [0])
      },
      PrimitiveForm("split", { [$0.rows([3]), $0.rows([3], 1)] }) { x in
        let parts = concatenated(x, axis: 0).squared().split(like: x)
        return parts[0] * parts[1]
      },
      PrimitiveForm("rows of the whole batch", { [$0.rows([3, 2])] }) { x in
        let whole = x[0].gatheredBatch().reshaped([-1, 6])
        return whole.matrixProduct(whole, transposeOther: true) * x[0].mean()
      },
      rows("gather", classes: 6, width: 3) { x, classes in x[0].gathered(classes, layout: x[1].layout) * x[1] },
      rows("gather of 700 columns", classes: 3, width: 700) { x, classes in x[0].gathered(classes, layout: x[1].layout) * x[1] },
      rows("scatter", classes: 6, width: 3) { x, classes in x[1].scattered(classes, tableRows: 6) * x[0] },
    ]
  }

  /// A table `[classes, width]` and rows, with a class for each row: of the global sample, as everything else.
  private static func rows(
    _ name: String, classes: Int, width: Int, _ function: @escaping ([Tensor], [Int32]) -> Tensor
  ) -> PrimitiveForm {
    PrimitiveForm(name, { [$0.shared([classes, width]), $0.rows([width])] }) { x in
      let first = x[1].layout?.firstSample ?? 0
      return function(x, (0..<x[1].shape[0]).map { Int32((first + $0) * (first + $0) % classes) })
    }
  }

  private static var products: [PrimitiveForm] {
    [(false, false), (true, false), (false, true), (true, true)].map { transposeA, transposeB in
      PrimitiveForm(
        "batched product \(transposeA ? "Aᵀ" : "A")\(transposeB ? "Bᵀ" : "B")",
        { [$0.rows(transposeA ? [5, 3] : [3, 5]), $0.rows(transposeB ? [7, 5] : [5, 7], 1)] },
        { $0[0].batchedProduct($0[1], transposeSelf: transposeA, transposeOther: transposeB) })
    } + [
      PrimitiveForm(
        "batched product of 130 rows", { [$0.rows([130, 128]), $0.rows([128, 130], 1)] }, { $0[0].batchedProduct($0[1]) * 0.1 }),
      PrimitiveForm(
        "attention", { [$0.rows([70, 5]), $0.rows([150, 5], 1), $0.rows([150, 18], 2)] }, { $0[0].attending(to: $0[1], values: $0[2]) }),
      PrimitiveForm(
        "row product with a product of matrices", { [$0.rows([5]), $0.shared([5, 4]), $0.shared([4, 3], 101)] },
        { $0[0].rowProduct($0[1].matrixProduct($0[2])) }),
      PrimitiveForm("row product of vectors", { [$0.rows([5]), $0.shared([5, 7])] }, { $0[0].rowProduct($0[1]) }),
      PrimitiveForm(
        "row product of vectors, transposed", { [$0.rows([5]), $0.shared([7, 5])] }, { $0[0].rowProduct($0[1], transposeMatrix: true) }),
      PrimitiveForm("row product of three rows a sample", { [$0.rows([3, 5]), $0.shared([5, 7])] }, { $0[0].rowProduct($0[1]) }),
      PrimitiveForm("row product of 70 rows a sample", { [$0.rows([70, 5]), $0.shared([5, 7])] }, { $0[0].rowProduct($0[1]) }),
      PrimitiveForm("row product of 520 rows a sample", { [$0.rows([520, 5]), $0.shared([5, 3])] }, { $0[0].rowProduct($0[1]) }),
      PrimitiveForm("row product to 600 columns", { [$0.rows([50]), $0.shared([50, 600])] }, { $0[0].rowProduct($0[1]) * 0.1 }),
      PrimitiveForm("row product from 1,024 to 1", { [$0.rows([1024]), $0.shared([1024, 1])] }, { $0[0].rowProduct($0[1]) * 0.1 }),
      PrimitiveForm("outer product of vectors", { [$0.rows([5]), $0.rows([4], 1)] }, { $0[0].outerProduct($0[1]) }),
      PrimitiveForm("outer product of three rows a sample", { [$0.rows([3, 5]), $0.rows([3, 4], 1)] }, { $0[0].outerProduct($0[1]) }),
      PrimitiveForm("outer product in blocks", { [$0.rows([200]), $0.rows([700], 1)] }, { $0[0].outerProduct($0[1]) * 0.1 }),
    ]
  }

  private static var pooling: [PrimitiveForm] {
    [(2, 2), (3, 2), (3, 1)].flatMap { (size: Int, stride: Int) in
      [
        PrimitiveForm(
          "average pool \(size)x\(size), stride \(stride)", { [$0.rows([5, 7, 3])] }, { $0[0].averagePooled(size, stride: stride) }),
        PrimitiveForm(
          "maximum pool \(size)x\(size), stride \(stride)", { [$0.rows([5, 7, 3])] }, { $0[0].maximumPooled(size, stride: stride) }),
      ]
    } + [
      PrimitiveForm("upsample", { [$0.rows([3, 2, 3])] }, { $0[0].upsampled(2) }),
      PrimitiveForm("upsample and pool of large images", { [$0.rows([16, 16, 16])] }, { $0[0].upsampled(2).averagePooled(2) }),
    ]
  }
}
