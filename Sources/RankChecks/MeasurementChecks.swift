import Communication

/// Checks of what is measured for the scaling model.
@MainActor let measurementChecks: [RankCheck] = [
  RankCheck(name: "numbers of all ranks come by rank") { communicator in
    let numbers = try communicator.everyNumber(-0.25 * Double(communicator.rank + 1))
    return numbers == (1...communicator.size).map { -0.25 * Double($0) } ? nil : "found \(numbers)"
  },
  RankCheck(name: "a measured link has times that grow with the message, and is the same on all ranks") { communicator in
    let measured = try CommunicationMeasurement(communicator)
    guard measured.memoryBandwidth > 1e8 && measured.memoryBandwidth < 1e13 else { return "memory bandwidth \(measured.memoryBandwidth)" }
    guard let link = measured.link else { return communicator.size == 1 ? nil : "no link among \(communicator.size) ranks" }
    let times = measured.points.map(\.seconds)
    guard times[0] > 0 && times[times.count - 1] > 3 * times[0] else { return "times \(times)" }
    guard link.latency >= 0 && link.latency < times[times.count - 1] && link.bandwidth > 1e6 && link.gap >= 0 else { return "\(link)" }
    let alike = try communicator.everyNumber(link.bandwidth)
    return Set(alike).count == 1 && measured.smallSumSeconds > 0 ? nil : "bandwidths \(alike), small sum \(measured.smallSumSeconds)"
  },
]
