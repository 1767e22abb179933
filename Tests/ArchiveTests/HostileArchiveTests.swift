import Archive
import Files
import Glibc
import Testing

/// Archives made to write where they must not.
@Suite struct HostileArchiveTests {
  /// Members in Python: `(name, type, link name or content)`.
  static func make(_ folder: TemporaryFolder, _ members: String) throws -> [UInt8] {
    try folder.makeFolder("target")
    try folder.write("outside", "untouched")
    try shell(
      #"""
      python3 -c '
      import io, sys, tarfile
      from tarfile import BLKTYPE, CHRTYPE, DIRTYPE, LNKTYPE, PAX_FORMAT, REGTYPE, SYMTYPE, TarInfo
      t = tarfile.open(sys.argv[1], "w", format=PAX_FORMAT)
      for name, kind, rest in eval(sys.argv[2]):
          i = TarInfo(name); i.type = kind; i.mode = 0o755
          if kind == REGTYPE: i.size = len(rest)
          else: i.linkname = rest
          t.addfile(i, io.BytesIO(rest.encode()) if kind == REGTYPE else None)
      t.close()' "$1" "$2"
      """#, folder("hostile.tar"), members.replacing("OUT", with: folder("outside")))
    return try FileContent.read(folder("hostile.tar"))
  }

  @Test(arguments: [
    "[('../x', REGTYPE, 'evil')]", "[('a/../../x', REGTYPE, 'evil')]", "[('/abs', REGTYPE, 'evil')]",
    "[('OUT', REGTYPE, 'evil')]", "[('a//b', REGTYPE, 'evil')]", "[('a/./b', REGTYPE, 'evil')]",
    "[('..', DIRTYPE, '')]",
    "[('link', SYMTYPE, '..'), ('link/x', REGTYPE, 'evil')]", "[('link', SYMTYPE, 'OUT'), ('link', REGTYPE, 'evil')]",
    "[('d/link', SYMTYPE, '/tmp'), ('d/link/sub/x', DIRTYPE, '')]", "[('hard', LNKTYPE, 'OUT')]",
    "[('hard', LNKTYPE, '../outside')]", "[('l', SYMTYPE, '..'), ('hard', LNKTYPE, 'l/outside')]",
    "[('null', CHRTYPE, '')]", "[('disk', BLKTYPE, '')]", "[('twice', REGTYPE, 'a'), ('twice', REGTYPE, 'b')]",
    "[('d', DIRTYPE, ''), ('d', SYMTYPE, '/tmp')]", "[('d', DIRTYPE, ''), ('d', REGTYPE, 'x')]",
    "[('.', REGTYPE, 'x')]",
  ]) func theEntryIsRefused(members: String) throws {
    let folder = try TemporaryFolder()
    let bytes = try Self.make(folder, members)
    let error = #expect(throws: ArchiveError.self) { try RoundTripTests.extract(bytes, to: folder("target")) }
    #expect(error?.code == .refused)
    #expect(
      try shell("cat \"$1\"; ls -A \"$2\"", folder("outside"), folder.path) == "untouched"
        + "hostile.tar\noutside\ntarget\n")
  }

  @Test func aLinkThatWasThereBeforeIsNotFollowed() throws {
    let folder = try TemporaryFolder()
    let bytes = try Self.make(folder, "[('d/x', REGTYPE, 'evil')]")
    try shell("mkdir \"$1/elsewhere\"; ln -s ../elsewhere \"$1/target/d\"", folder.path)
    #expect(throws: ArchiveError.self) { try RoundTripTests.extract(bytes, to: folder("target")) }
    #expect(try shell("ls -A \"$1\"", folder("elsewhere")) == "")
  }

  @Test func overwritingReplacesTheLinkAndNotWhatItPointsTo() throws {
    let folder = try TemporaryFolder()
    let bytes = try Self.make(folder, "[('x', REGTYPE, 'new'), ('d', DIRTYPE, ''), ('d/y', REGTYPE, 'new')]")
    try shell("cd \"$1/target\"; ln -s ../outside x; mkdir ../elsewhere; ln -s ../elsewhere d", folder.path)
    #expect(throws: ArchiveError.self) { try RoundTripTests.extract(bytes, to: folder("target")) }
    var options = Extractor.Options()
    options.overwrite = true
    _ = try RoundTripTests.extract(bytes, to: folder("target"), options: options)
    #expect(try shell("cd \"$1\"; cat outside target/x target/d/y; ls -A elsewhere", folder.path) == "untouchednewnew")
  }

  @Test(.enabled(if: geteuid() == 0, "only root makes device nodes")) func devicesAreMadeWhereAllowed() throws {
    let folder = try TemporaryFolder()
    let bytes = try Self.make(folder, "[('null', CHRTYPE, '')]")
    var options = Extractor.Options()
    options.devices = true
    _ = try RoundTripTests.extract(bytes, to: folder("target"), options: options)
    #expect(try shell("stat -c %F \"$1\"", folder("target/null")) == "character special file\n")
  }

  @Test func aPreexistingDirectoryKeepsItsMetadata() throws {
    let folder = try TemporaryFolder()
    let bytes = try Self.make(folder, "[('d', DIRTYPE, ''), ('d/x', REGTYPE, 'new')]")
    try shell("mkdir -m 700 \"$1/target/d\"", folder.path)
    let result = try RoundTripTests.extract(bytes, to: folder("target"))
    #expect(result.findings.filter { $0.detail.contains("existed") }.map(\.path) == [[100]])
    #expect(try shell("stat -c %a \"$1\"", folder("target/d")) == "700\n")
  }
}
