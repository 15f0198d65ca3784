import Layers
import Optimization
import Sharding
import Tensors

/// An optimizer with settings.
struct OptimizerForm {
  let name: String
  let make: (ParameterStore) -> any Optimizer

  /// Every optimizer; a new one is one line.
  static var all: [OptimizerForm] {
    [
      OptimizerForm(name: "adam") { Adam($0, .init(learningRate: 0.01)) },
      OptimizerForm(name: "adam without momentum") { Adam($0, .init(learningRate: 0.01, beta1: 0, epsilon: 1e-6)) },
      OptimizerForm(name: "adam with decoupled decay") { Adam($0, .init(learningRate: 0.01, weightDecay: 0.1)) },
      OptimizerForm(name: "rmsprop") { RMSProp($0, learningRate: 0.01) },
      OptimizerForm(name: "gradient descent") { GradientDescent($0, learningRate: 0.05) },
      OptimizerForm(name: "gradient descent with momentum") { GradientDescent($0, learningRate: 0.05, momentum: 0.9) },
      OptimizerForm(name: "gradient descent with rising momentum") {
        GradientDescent($0, learningRate: 0.05, momentum: .linear(from: 0.5, to: 0.9, over: 4))
      },
    ]
  }

  /// Losses of five updates of a small network in two accumulated parts, and all that they leave, weight average included.
  func numbers(_ batch: DrawnBatch) -> [Numbers] {
    let store = ParameterStore(name: "network")
    let scope = Scope(store)
    let convolution = Convolution2D(scope["convolution"], from: 3, to: 6, kernel: 3, spectral: .init())
    let norm = BatchNorm(scope["norm"], channels: 6)
    let dense = Dense(scope["dense"], from: 96, to: 2)
    let optimizer = make(store)
    let average = WeightAverage(store, decay: 0.7, start: 2)
    store.allocate(seed: 5)
    var losses: [Float] = []
    for step in 0..<5 {
      let scalars = store.gradient(parts: 2) { part in
        let (x, target) = (batch.rows([4, 4, 3], 4 * step + part), batch.rows([2], 4 * step + part + 2))
        let features = norm(convolution(x, .training), .training).leakyRectified(slope: 0.2)
        return (dense(features.reshaped([x.shape[0], -1]), .training) - target).squared().mean() * 0.5
      } then: {
        optimizer.update(store, step: step, rate: 1)
        average.update(step: step)
      }
      losses += scalars.map(\.scalar)
    }
    store.settle()
    return [Numbers("losses", replicated: losses)] + Numbers.state(store, optimizer, average)
  }

  /// Every optimizer on every batch.
  static var checks: [BitCheck] {
    all.flatMap { form in
      DrawnBatch.plans.map { plan in
        // Parts of a batch are added shard by shard.
        let plan = ShardPlan(batch: plan.batch, shardCount: plan.shardCount, keepsShardsApart: true)
        return BitCheck(name: "\(form.name) and average, batch \(plan.batch) in \(plan.shardCount) shards") {
          form.numbers(try DrawnBatch($0, plan))
        }
      }
    }
  }
}

extension Numbers {
  /// Everything that training changes in a network.
  static func state(_ store: ParameterStore, _ optimizer: any Optimizer, _ average: WeightAverage?) -> [Numbers] {
    var result = arrays("parameter", store.parameters, store.values) + arrays("buffer", store.buffers, store.bufferValues)
    result += arrays("average of", store.parameters, average?.values) + arrays("average of", store.buffers, average?.buffers)
    for (name, memory) in optimizer.state { result += arrays("\(name) of", store.parameters, memory) }
    return result
  }
}
