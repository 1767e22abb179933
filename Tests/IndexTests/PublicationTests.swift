import Digests
import Files
import Index
import TestKit
import Testing

/// What a run does to the index: stage, add volumes, publish.
struct PublicationTests {
  let folder = TemporaryFolder()
  private var path: String { "\(folder.path)/index.sqlite" }

  @Test func aPublishedSnapshotIsThereAfterOpeningAgain() throws {
    let files: [FileRecord]
    do {
      let index = try IndexFile.open(path)
      let set = try index.set("data")
      let chunks = try set.addSampleVolume("v1", [1, 2, 3])
      files = [Sample.file("a", 1, chunks: chunks), Sample.file("a/b", 2), Sample.file("c", 3, chunks: [chunks[1]])]
      for file in files.reversed() { try set.stage(file) }
      #expect(try set.allFiles().isEmpty)
      #expect(try set.publish() == Publication(stagedFiles: 3))
      #expect(try set.allFiles() == files)
    }
    let index = try IndexFile.open(path)
    #expect(try index.setNames() == ["data"])
    let set = try index.set("data")
    #expect(try set.allFiles() == files)
    #expect(try set.fileCount() == 3)
    #expect(try set.file(Sample.path("a/b")) == files[1])
    #expect(try set.file(Sample.path("b")) == nil)
    #expect(try set.chunk(Sample.digest(2))?.uses == 2)
    #expect(try set.chunk(Sample.digest(3))?.uses == 1)
    #expect(try set.volumes().map(\.liveBytes) == [3000])
  }

  @Test func onlyWhatDiffersIsReplaced() throws {
    let index = try IndexFile.open(path)
    let set = try index.set("data")
    let old = try set.addSampleVolume("v1", [1, 2, 3])
    for (number, name) in ["a", "b", "c"].enumerated() {
      try set.stage(Sample.file(name, number, chunks: [old[number]]))
    }
    try set.publish()

    try set.discardStaged()
    let new = try set.addSampleVolume("v2", [4])
    try set.stage(Sample.file("b", 20, chunks: [new[0], old[0]]))
    try set.stageRemoval(Sample.path("c"))
    try set.stageRemoval(Sample.path("never there"))
    let publication = try set.publish()
    #expect(
      publication == Publication(stagedFiles: 1, removedFiles: 2, forgottenChunks: 2, forgottenVolumes: 0))
    #expect(
      try set.allFiles() == [
        Sample.file("a", 0, chunks: [old[0]]), Sample.file("b", 20, chunks: [new[0], old[0]]),
      ])
    #expect(try set.chunk(Sample.digest(1))?.uses == 2)
    #expect(try set.chunk(Sample.digest(2)) == nil)
    #expect(try set.chunk(old[2]) == nil)
    #expect(try set.volumes().map(\.liveBytes) == [1000, 1000])
    #expect(try set.publish() == Publication())
  }
}
