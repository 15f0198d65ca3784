import Archive
import CHDF5
import Testing

/// Files that this package does not write itself, made here with HDF5 directly.
@Suite(.serialized) struct ForeignFileTests {
  let directory: TemporaryDirectory
  let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.file("foreign.h5")
    try writeAtomically(to: path) { try $0.write("values", [UInt8(1), 2, 3], shape: [3], storage: .contiguous) }
  }

  /// Changes the file by calls of HDF5; each result is checked to be good.
  func change(_ body: (hid_t) -> [Int32]) {
    let file = unsafe chdf5_own(H5Fopen(path, CHDF5.H5F_ACC_RDONLY | 1, H5P_DEFAULT))
    #expect(file >= 0)
    #expect(body(file).allSatisfy { $0 >= 0 })
    #expect(H5Fclose(file) >= 0)
  }

  @Test func `variable-length text is read`() throws {
    change { file in
      let type = H5Tcopy(H5T_C_S1)
      var results = [H5Tset_size(type, H5T_VARIABLE), H5Tset_cset(type, H5T_CSET_UTF8)]
      let space = unsafe H5Screate_simple(1, [2], nil)
      let attribute = unsafe H5Acreate2(file, "classes", type, space, H5P_DEFAULT, H5P_DEFAULT)
      let first = Array("cat".utf8CString)
      let second = Array("Straße".utf8CString)
      unsafe first.withUnsafeBufferPointer { first in
        unsafe second.withUnsafeBufferPointer { second in
          let pointers = unsafe [first.baseAddress, second.baseAddress]
          results.append(unsafe H5Awrite(attribute, type, pointers))
        }
      }
      return results + [H5Aclose(attribute), H5Sclose(space), H5Tclose(type)]
    }
    let reader = try ArchiveReader(path: path)
    #expect(try reader.attribute("classes") as [String] == ["cat", "Straße"])
    #expect(try reader.read("values") == [UInt8(1), 2, 3])
  }

  @Test func `links that lead elsewhere are listed but not followed`() throws {
    change { file in
      [
        unsafe H5Lcreate_soft("/values", file, "soft", H5P_DEFAULT, H5P_DEFAULT),
        unsafe H5Lcreate_external("/etc/other.h5", "/values", file, "external", H5P_DEFAULT, H5P_DEFAULT),
        unsafe H5Lcreate_hard(file, "/", file, "circle", H5P_DEFAULT, H5P_DEFAULT),
      ]
    }
    let reader = try ArchiveReader(path: path)
    #expect(try reader.entries().map(\.kind) == [.group, .link, .link, .dataSet])
    for name in ["soft", "external"] {
      let error = #expect(throws: ArchiveError.self) { try reader.read(name, as: UInt8.self) }
      #expect(error?.code == .refused)
    }
    #expect(try reader.read("circle/circle/values") == [UInt8(1), 2, 3])
    let error = #expect(throws: ArchiveError.self) { try reader.verify() }
    #expect(error?.message == "groups are nested deeper than 32")
  }

  @Test func `elements kept in other files are refused`() throws {
    change { file in
      let properties = H5Pcreate(H5P_DATASET_CREATE)
      let space = unsafe H5Screate_simple(1, [3], nil)
      let result = unsafe H5Pset_external(properties, "/etc/passwd", 0, 3)
      let dataSet = unsafe H5Dcreate2(file, "outside", H5T_NATIVE_UINT8, space, H5P_DEFAULT, properties, H5P_DEFAULT)
      return [result, H5Dclose(dataSet), H5Sclose(space), H5Pclose(properties)]
    }
    let error = #expect(throws: ArchiveError.self) { try ArchiveReader(path: path).read("outside", as: UInt8.self) }
    #expect(error?.code == .refused)
  }

  @Test func `a shape larger than the file is refused before memory is asked for`() throws {
    change { file in
      let space = unsafe H5Screate_simple(2, [1 << 30, 1 << 30], nil)
      let dataSet = unsafe H5Dcreate2(file, "huge", H5T_NATIVE_UINT8, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)
      return [H5Dclose(dataSet), H5Sclose(space)]
    }
    let error = #expect(throws: ArchiveError.self) { try ArchiveReader(path: path).read("huge", as: UInt8.self) }
    #expect(error?.code == .damaged)
  }
}
