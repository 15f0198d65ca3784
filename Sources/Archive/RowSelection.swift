import CHDF5

/// Rows of a data set in the file, and a run of memory of the same number of elements.
struct RowSelection: ~Copyable {
  let file: Identifier
  let memory: Identifier

  /// Selects `rows` along the first axis of the open data set `dataSet` of the given shape.
  /// - Precondition: `shape` has at least one axis and `rows` lies in the first.
  init(_ rows: Range<Int>, of dataSet: hid_t, shape: [Int], path: String) throws(ArchiveError) {
    let action = "select rows \(rows)"
    let space = try Identifier(action, .wrongShape, path: path) { H5Dget_space(dataSet) }
    var start = [hsize_t](repeating: 0, count: shape.count)
    start[0] = hsize_t(rows.lowerBound)
    var extent = shape.map { hsize_t($0) }
    extent[0] = hsize_t(rows.count)
    try Library.attempt(action, .wrongShape, path: path) {
      unsafe H5Sselect_hyperslab(space.raw, H5S_SELECT_SET, start, nil, extent, nil)
    }
    memory = try Identifier(action, .wrongShape, path: path) { unsafe H5Screate_simple(Int32(extent.count), extent, nil) }
    file = space
  }
}
