internal import Digests
internal import Files
internal import Index
internal import TestKit
internal import Testing

/// What a run does to the index: stage, add volumes, publish.
struct PublicationTests {
  private let folder: TemporaryFolder
  private var path: String { folder("index.sqlite") }

  init() throws { folder = try TemporaryFolder() }

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

  /// A chunk that the last snapshot does not refer to is known only until the next one.
  @Test func aChunkThatFellOutIsNotKnown() throws {
    let index = try IndexFile.open(path)
    let set = try index.set("data")
    let ids = try set.addSampleVolume("v1", [1, 2])
    try set.stage(Sample.file("a", 1, chunks: [ids[0], ids[0]]))
    #expect(try set.chunk(Sample.digest(2))?.uses == 0)
    #expect(try set.publish().forgottenChunks == 1)
    #expect(try set.chunk(Sample.digest(2)) == nil)
    #expect(try set.chunk(Sample.digest(1))?.uses == 2)
    try set.stage(Sample.file("a", 2))
    let last = try set.publish()
    #expect(last.forgottenChunks == 1 && last.forgottenVolumes == 1)
    #expect(try set.volumes().isEmpty)
    // Numbers are not used again: an old list must never mean a new chunk.
    #expect(set.reserveChunkID() > ids[1])
  }

  @Test func acknowledgedChunksOutliveARunThatDied() throws {
    let files = [Sample.file("a", 1)]
    do {
      let index = try IndexFile.open(path)
      let set = try index.set("data")
      try set.stage(files[0])
      try set.publish()
      // The next run: one volume acknowledged, a file staged, a second volume not committed, the end.
      try set.addSampleVolume("v1", [1])
      try set.stage(Sample.file("b", 2))
      try index.commit()
      try set.addSampleVolume("v2", [2])
    }
    let index = try IndexFile.open(path)
    let set = try index.set("data")
    #expect(try set.allFiles() == files)
    let known = try #require(try set.chunk(Sample.digest(1)))
    #expect(known.uses == 0)
    #expect(try set.volume(known.volume)?.name == "v1")
    #expect(try set.chunk(Sample.digest(2)) == nil)
    #expect(set.reserveChunkID() > known.id)
    try set.discardStaged()
    try set.stage(Sample.file("c", 3, chunks: [known.id]))
    try set.publish()
    #expect(try set.allFiles().map(\.path) == [Sample.path("a"), Sample.path("c")])
  }

  @Test func aChunkSentAgainMovesToTheNewVolume() throws {
    let index = try IndexFile.open(path)
    let set = try index.set("data")
    let ids = try set.addSampleVolume("v1", [1, 2])
    try set.stage(Sample.file("a", 1, chunks: ids))
    try set.publish()
    let again = NewChunk(id: ids[0], digest: Sample.digest(1), length: 1000)
    let new = try set.addVolume("v2", uploaded: 5, storedBytes: 9, record: [1], chunks: [again])
    #expect(try set.chunk(ids[0])?.volume == new)
    #expect(try set.chunk(ids[0])?.uses == 1)
    #expect(try set.volumes().map(\.liveBytes) == [1000, 1000])
    #expect(try set.volumes().map(\.plainBytes) == [2000, 1000])
    #expect(try set.publish() == Publication())
    // Under another number it would be two chunks.
    let other = NewChunk(id: set.reserveChunkID(), digest: Sample.digest(1), length: 1000)
    let error = #expect(throws: IndexError.self) {
      try set.addVolume("v3", uploaded: 6, storedBytes: 9, record: [], chunks: [other])
    }
    #expect(error?.code == .unknown)
    index.rollback()
    #expect(try set.volumes().map(\.name) == ["v1", "v2"])
  }

  @Test func aStagedFileMustHaveItsChunks() throws {
    let index = try IndexFile.open(path)
    let set = try index.set("data")
    try set.stage(Sample.file("a", 1))
    try set.publish()
    try set.stage(Sample.file("b", 2, chunks: [set.reserveChunkID()]))
    try index.commit()
    let error = #expect(throws: IndexError.self) { try set.publish() }
    #expect(error?.code == .unknown)
    #expect(try set.allFiles().map(\.path) == [Sample.path("a")])
  }

  @Test func aRemovedVolumeTakesItsChunks() throws {
    let index = try IndexFile.open(path)
    let set = try index.set("data")
    let lost = try set.addSampleVolume("v1", [1])
    let kept = try set.addSampleVolume("v2", [2])
    try set.stage(Sample.file("a", 1, chunks: lost + kept))
    try set.publish()
    let volume = try #require(try set.chunk(lost[0])?.volume)
    try set.removeVolume(volume)
    try set.setRecord(of: try #require(try set.chunk(kept[0])?.volume), [7, 7])
    try index.commit()
    #expect(try set.chunk(lost[0]) == nil && set.chunk(Sample.digest(1)) == nil)
    #expect(try set.volumes().map(\.record) == [[7, 7]])
    let again = try set.addSampleVolume("v3", [1])
    #expect(again != lost)
    try set.stage(Sample.file("a", 1, chunks: again + kept))
    try set.publish()
    #expect(try set.chunk(kept[0])?.uses == 1 && set.chunk(again[0])?.uses == 1)
  }

  @Test func listingsAreKeptBesideFiles() throws {
    let index = try IndexFile.open(path)
    let set = try index.set("data")
    let first = try set.addSampleVolume("v1", [1, 2])
    try set.stage(Sample.file(".", 1))
    try set.stage(Sample.file("a", 2))
    try set.stageListing("files.mtree", first)
    #expect(try set.publish().stagedFiles == 2)
    #expect(try set.listing("files.mtree") == first)
    #expect(try set.allFiles().map(\.path) == [Sample.path("."), Sample.path("a")])
    #expect(try set.fileCount() == 2)
    let second = try set.addSampleVolume("v2", [3])
    try set.stageListing("files.mtree", [first[1]] + second)
    #expect(try set.publish() == Publication(forgottenChunks: 1))
    #expect(try set.listing("files.mtree") == [first[1]] + second)
    #expect(try set.listing("other") == nil)
  }

  @Test func setsAndValuesAreApart() throws {
    let index = try IndexFile.open(path)
    let one = try index.set("one")
    let two = try index.set("two")
    let (a, b) = (try one.addSampleVolume("v1", [1]), try two.addSampleVolume("w1", [1]))
    try one.stage(Sample.file("a", 1, chunks: a))
    try two.stage(Sample.file("b", 2, chunks: b))
    try index.setValue("epoch", [1, 2])
    try one.setValue("epoch", [])
    try two.setValue("epoch", [9])
    try two.setValue("epoch", [3])
    try one.publish()
    try two.publish()
    #expect(try index.value("epoch") == [1, 2])
    #expect(try one.value("epoch") == [])
    #expect(try two.value("epoch") == [3])
    #expect(try two.value("other") == nil)

    try index.removeSet("one")
    try index.removeSet("never there")
    try index.commit()
    #expect(try index.setNames() == ["two"])
    #expect(try two.allFiles() == [Sample.file("b", 2, chunks: b)])
    #expect(try index.set("one").allFiles().isEmpty)
    #expect(try index.set("one").value("epoch") == nil)

    try index.removeAll()
    try index.commit()
    #expect(try index.setNames().isEmpty)
    #expect(try index.value("epoch") == nil)
    #expect(try index.set("two").chunk(Sample.digest(1)) == nil)
  }
}
