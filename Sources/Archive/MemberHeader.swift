internal import Files

/// Builds the header blocks of one tar member in a buffer that is used again.
struct MemberHeader {
  /// The blocks of the last `build`.
  private(set) var bytes: [UInt8] = []
  private var records = PaxRecords()
  private var sparseMap: [UInt8] = []
  private var sparseCount = 0
  private var name: [UInt8] = []

  /// - Returns: bytes of content that must follow the header, and zeros after them.
  mutating func build(_ entry: Entry) throws(ArchiveError) -> (bytes: UInt64, padding: Int) {
    bytes.removeAll(keepingCapacity: true)
    records.removeAll()
    sparseMap.removeAll(keepingCapacity: true)
    var content = entry.kind == .file ? entry.size : 0
    var link: [UInt8] = []
    switch entry.kind {
    case .hardLink(let target), .symbolicLink(let target): link = target
    default: break
    }
    if !Self.isUTF8(entry.path) || !Self.isUTF8(link) { records.append("hdrcharset", "BINARY".utf8) }
    name.removeAll(keepingCapacity: true)
    name.append(contentsOf: entry.path)
    if entry.kind == .directory { name.append(UInt8(ascii: "/")) }
    if let extents = entry.dataExtents, entry.kind == .file, entry.size > 0 {
      content = try addSparse(entry, extents)
    }
    let size = content + UInt64(sparseMap.count)
    let split = Self.split(name)
    if split == nil { records.append("path", name) }
    if !Self.fits(link, 100) { records.append("linkpath", link) }
    addNumbers(entry, size)
    if !Self.fits(entry.ownerName.utf8, 31) { records.append("uname", entry.ownerName.utf8) }
    if !Self.fits(entry.groupName.utf8, 31) { records.append("gname", entry.groupName.utf8) }
    for attribute in entry.attributes { addAttribute(attribute) }
    if !records.isEmpty { appendRecords() }
    let name = self.name
    appendBlock { block in
      Self.fill(block, entry, size)
      UstarHeader.setBytes(link, UstarHeader.Field.linkName, block)
      let prefix = split ?? 0
      if prefix > 0 {
        UstarHeader.setBytes(name[..<prefix], UstarHeader.Field.prefix, block)
        UstarHeader.setBytes(name[(prefix + 1)...], UstarHeader.Field.name, block)
      } else {
        UstarHeader.setBytes(name, UstarHeader.Field.name, block)
      }
    }
    bytes.append(contentsOf: sparseMap)
    return (content, UstarHeader.padding(content))
  }

  /// Numbers that a ustar header cannot hold.
  private mutating func addNumbers(_ entry: Entry, _ size: UInt64) {
    if size > UstarHeader.maximumLong { records.append("size", number: size) }
    if UInt64(entry.owner) > UstarHeader.maximumShort { records.append("uid", number: entry.owner) }
    if UInt64(entry.group) > UstarHeader.maximumShort { records.append("gid", number: entry.group) }
    let time = entry.modified
    if time.nanoseconds != 0 || time.seconds < 0 || UInt64(time.seconds) > UstarHeader.maximumLong {
      records.append("mtime", DecimalTime.text(time).utf8)
    }
  }

  /// GNU tar manual, "Storing Sparse Files", PAX format 1.0: the real name and size as records, the map as decimal numbers
  /// in front of the data, padded to a block.
  private mutating func addSparse(_ entry: Entry, _ extents: [Extent]) throws(ArchiveError) -> UInt64 {
    var content: UInt64 = 0
    var end: UInt64 = 0
    var map: [Extent] = []
    for extent in extents {
      let (extentEnd, overflow) = extent.offset.addingReportingOverflow(extent.length)
      guard !overflow, extent.offset >= end, extentEnd <= entry.size else {
        throw ArchiveError(.invalidEntry, entry.path.displayPath, "its data ranges overlap or lie outside it")
      }
      end = extentEnd
      content += extent.length
      if extent.length > 0 { map.append(extent) }
    }
    // As GNU tar does, an empty range marks the end where the file ends with a hole.
    if end < entry.size { map.append(Extent(offset: entry.size, length: 0)) }
    sparseMap.append(contentsOf: "\(map.count)\n".utf8)
    for extent in map { sparseMap.append(contentsOf: "\(extent.offset)\n\(extent.length)\n".utf8) }
    sparseMap.append(contentsOf: repeatElement(0, count: UstarHeader.padding(UInt64(sparseMap.count))))
    records.append("GNU.sparse.major", number: 1)
    records.append("GNU.sparse.minor", number: 0)
    records.append("GNU.sparse.name", entry.path)
    records.append("GNU.sparse.realsize", number: entry.size)
    // What a reader that does not know the format calls the file.
    sparseCount += 1
    name.removeAll(keepingCapacity: true)
    name.append(contentsOf: "GNUSparseFile.0/\(sparseCount)".utf8)
    return content
  }

  private mutating func addAttribute(_ attribute: ExtendedAttribute) {
    if attribute.name == AccessControlList.accessName, let text = AccessControlList.text(attribute.value) {
      records.append("SCHILY.acl.access", text)
    } else if attribute.name == AccessControlList.defaultName, let text = AccessControlList.text(attribute.value) {
      records.append("SCHILY.acl.default", text)
    } else {
      records.append(
        key: Array("SCHILY.xattr.".utf8) + AttributeKeyword.encode(attribute.name), value: attribute.value)
    }
  }

  private mutating func appendRecords() {
    let size = UInt64(records.bytes.count)
    appendBlock { block in
      UstarHeader.setBytes("././@PaxHeader".utf8, UstarHeader.Field.name, block)
      UstarHeader.setOctal(0o644, UstarHeader.Field.mode, block)
      for field in [UstarHeader.Field.owner, UstarHeader.Field.group] { UstarHeader.setOctal(0, field, block) }
      UstarHeader.setOctal(size, UstarHeader.Field.size, block)
      UstarHeader.setOctal(0, UstarHeader.Field.modified, block)
      block[UstarHeader.Field.type] = UInt8(ascii: "x")
    }
    bytes.append(contentsOf: records.bytes)
    bytes.append(contentsOf: repeatElement(0, count: UstarHeader.padding(size)))
  }

  private mutating func appendBlock(_ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: UstarHeader.blockSize))
    bytes.withUnsafeMutableBytes { bytes in
      let block = UnsafeMutableRawBufferPointer(rebasing: bytes[start...])
      fill(block)
      UstarHeader.seal(block)
    }
  }

  private static func fill(_ block: UnsafeMutableRawBufferPointer, _ entry: Entry, _ size: UInt64) {
    typealias Field = UstarHeader.Field
    func short(_ value: UInt32) -> UInt64 { UInt64(value) <= UstarHeader.maximumShort ? UInt64(value) : 0 }
    UstarHeader.setOctal(UInt64(entry.mode & 0o7777), Field.mode, block)
    UstarHeader.setOctal(short(entry.owner), Field.owner, block)
    UstarHeader.setOctal(short(entry.group), Field.group, block)
    UstarHeader.setOctal(size <= UstarHeader.maximumLong ? size : 0, Field.size, block)
    let seconds = UInt64(max(entry.modified.seconds, 0))
    UstarHeader.setOctal(seconds <= UstarHeader.maximumLong ? seconds : 0, Field.modified, block)
    if fits(entry.ownerName.utf8, 31) { UstarHeader.setBytes(entry.ownerName.utf8, Field.ownerName, block) }
    if fits(entry.groupName.utf8, 31) { UstarHeader.setBytes(entry.groupName.utf8, Field.groupName, block) }
    var device: (major: UInt32, minor: UInt32) = (0, 0)
    let type: UnicodeScalar
    switch entry.kind {
    case .file: type = "0"
    case .hardLink: type = "1"
    case .symbolicLink: type = "2"
    case .characterDevice(let major, let minor): (type, device) = ("3", (major, minor))
    case .blockDevice(let major, let minor): (type, device) = ("4", (major, minor))
    case .directory: type = "5"
    case .fifo: type = "6"
    }
    block[Field.type] = UInt8(ascii: type)
    UstarHeader.setOctal(UInt64(device.major), Field.major, block)
    UstarHeader.setOctal(UInt64(device.minor), Field.minor, block)
  }

  /// Where a name can be cut for the header's prefix and name fields: 0 where it fits the name field alone, nil where it
  /// needs a record.
  private static func split(_ name: [UInt8]) -> Int? {
    guard name.allSatisfy({ $0 < 128 }) else { return nil }
    if name.count <= 100 { return 0 }
    guard name.count <= 256 else { return nil }
    for index in stride(from: min(155, name.count - 2), through: max(1, name.count - 101), by: -1)
    where name[index] == UInt8(ascii: "/") { return index }
    return nil
  }

  private static func fits(_ text: some Collection<UInt8>, _ length: Int) -> Bool {
    text.count <= length && text.allSatisfy { $0 < 128 }
  }

  private static func isUTF8(_ bytes: [UInt8]) -> Bool {
    bytes.allSatisfy { $0 < 128 } || String(validating: bytes, as: UTF8.self) != nil
  }
}
