/// Floating-point operations per second of all threads while they multiply and add in registers: what no kernel can pass.
public func peakRate() -> Double {
  let turns = 2_000_000
  var best = 0.0
  // A fifth of a second: at first threads may share a core, and cores be slow.
  for _ in 0..<50 {
    let threads = Workers.threads
    // Every thread runs one index, since an index takes far longer than a thread needs to start.
    let seconds =
      ContinuousClock().measure { Workers.forEach(threads) { index in keep(multiplyAndAdd(turns, start: Float(index))) } } / .seconds(1)
    // Twelve vectors of sixteen, a product and a sum each.
    best = max(best, Double(threads * turns) * 12 * 32 / seconds)
  }
  return best
}

/// The sum of twelve chains of multiply-adds, enough to hide their latency.
@inline(never)
private func multiplyAndAdd(_ turns: Int, start: Float) -> Float {
  let (factor, term) = (Lane(repeating: 0.999), Lane(repeating: start))
  var (a, b, c, d, e, f) = (term, term, term, term, term, term)
  var (g, h, i, j, k, l) = (term, term, term, term, term, term)
  for _ in 0..<turns {
    a = term.addingProduct(factor, a)
    b = term.addingProduct(factor, b)
    c = term.addingProduct(factor, c)
    d = term.addingProduct(factor, d)
    e = term.addingProduct(factor, e)
    f = term.addingProduct(factor, f)
    g = term.addingProduct(factor, g)
    h = term.addingProduct(factor, h)
    i = term.addingProduct(factor, i)
    j = term.addingProduct(factor, j)
    k = term.addingProduct(factor, k)
    l = term.addingProduct(factor, l)
  }
  return (a + b + c + d + e + f + g + h + i + j + k + l).sum()
}

/// Uses a value, so that its computation is not left out.
@inline(never)
private func keep(_ value: Float) { if value == .leastNonzeroMagnitude { print(value) } }
