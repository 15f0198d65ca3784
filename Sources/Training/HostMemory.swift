import Adversarial
import Communication
import Layers
import Optimization
import Sharding

/// Parameters and what is laid out as them, once per host; each rank updates its share.
struct HostMemory: StoreMemory {
  let communicator: any Communicator

  func floats(_ count: Int) -> FlatMemory {
    do {
      guard let shared = try communicator.sharedFloats(count) else { return FlatMemory(count: count) }
      return unsafe FlatMemory(sharing: shared.pointer, count: count, anchor: shared)
    } catch {
      // Room was asked for before the first request; whoever took it since then leaves nothing to go on with.
      communicator.abort(saying: error, "the start")
    }
  }

  var share: (index: Int, count: Int) { (communicator.localRank, communicator.localSize) }

  func barrier() { communicator.hostBarrier() }
}

/// Where a run keeps its parameters: once per host, or once per rank where the hosts have no room for it.
struct SharedHome {
  let memory: any StoreMemory
  /// Floats of the longest gradient.
  let longestGradient: Int
  /// Whether there is room for partial sums where all ranks of a host can read them, too.
  let lendsPartials: Bool
  /// Why parameters are not shared, when they might have been.
  let notes: [String]

  init(_ recipe: any Recipe, _ communicator: any Communicator, _ options: RunOptions) throws {
    longestGradient = recipe.networks.map(\.store.flatCount).max() ?? 0
    guard communicator.size > 1, options.reduction == .overlapped || options.reduction == .blocking else {
      (memory, lendsPartials, notes) = (PrivateMemory(), false, [])
      return
    }
    let state = recipe.networks.reduce(0) { sum, network in
      let optimizer = type(of: network.optimizer as any Optimizer).momentCount
      return sum + network.store.flatCount * (2 + optimizer + (network.average == nil ? 0 : 1))
    }
    // Beside the state: gradients on their way, from every rank and summed. Partial sums that are lent replace memory of each rank's own;
    // where they find no room they are copied.
    let plan = options.plan
    let nodes = (0..<communicator.size).map { plan.nodes(in: plan.shards(ofRank: $0, of: communicator.size)).count }.max() ?? 1
    let pieces = try Pieces(capacity: longestGradient, hosts: communicator.hosts, link: communicator.hostLink())
    let staging = pieces.stagingBytes(nodes: nodes, ranks: communicator.localSize)
    let bytes = 4 * (state + longestGradient) + staging + (64 << 20)
    let lent = LongSums.lentBytes(capacity: longestGradient, nodes: nodes, ranks: communicator.localSize)
    lendsPartials = try communicator.canShare(bytes + lent)
    if try lendsPartials || communicator.canShare(bytes) {
      (memory, notes) = (HostMemory(communicator: communicator), [])
    } else {
      memory = PrivateMemory()
      notes = [
        "/dev/shm of a host lacks the \(bytes >> 20) MiB that its ranks would share: each keeps its own parameters, and sums travel by "
          + "messages, which is slower; enlarge it (mount -o remount,size=…; docker: --shm-size)"
      ]
    }
  }
}
