import Testing

@testable import Datasets

@Suite struct SubsetTests {
  @Test func `a subset has so many images of each class, chosen by the seed`() throws {
    let source = ListSource(count: 53)
    let subset = try ImageSubset(source, perClass: 4, seed: 1)
    let labels = try #require(subset.labels)
    #expect(subset.count == 20 && labels.count == 20 && (0..<5).allSatisfy { label in labels.count { $0 == label } == 4 })
    #expect(subset.format == source.format)
    // Each image is one of the source's, of its own class, and none comes twice.
    let all = try (0..<source.count).map { try source.image($0) }
    let own = try (0..<subset.count).map { index in try #require(all.firstIndex(of: try subset.image(index))) }
    #expect(Set(own).count == 20 && own.indices.allSatisfy { source.labels?[own[$0]] == labels[$0] })
    let again = try ImageSubset(source, perClass: 4, seed: 1)
    let other = try ImageSubset(source, perClass: 4, seed: 2)
    #expect(subset.fingerprint == again.fingerprint && subset.fingerprint != other.fingerprint)
    #expect(try (0..<20).map { try subset.image($0) } != (0..<20).map { try other.image($0) })
  }

  @Test func `too few images of a class and missing labels are refused, empty classes are not`() throws {
    let few = #expect(throws: DatasetError.self) { _ = try ImageSubset(ListSource(count: 13), perClass: 3, seed: 1) }
    #expect(few?.reason == .unsuitable && few?.message.contains("class 3 has 2") == true, "\(few?.message ?? "")")
    var unlabelled = ListSource()
    unlabelled.labels = nil
    #expect(throws: DatasetError.self) { _ = try ImageSubset(unlabelled, perClass: 1, seed: 1) }
    var gaps = ListSource(count: 12)
    gaps.labels = (0..<12).map { $0 % 2 * 3 }
    #expect(try ImageSubset(gaps, perClass: 5, seed: 1).labels?.sorted() == [0, 0, 0, 0, 0, 3, 3, 3, 3, 3])
  }
}
