import Digests
import Files
@testable import Repository
import Testing
@testable import Verify

/// A fleet of a thousand sets under a daily budget, by plan and ledger alone: what a month fetches, and how old proofs get.
@Suite struct FleetTests {
  private static let day: Int64 = 86400
  private static let interval = 31 * day
  private static let start: Int64 = 1_800_000_000

  /// Sets whose snapshots are stored and expire, and a keeper that proves as much of them as its budget allows.
  private struct Fleet {
    var sets: [ProvenSet] = []
    var ledger = Ledger([])
    var today: Int64 = 0
    var fetched: [UInt64] = []
    private var order = 0
    private var random = SeededGenerator(seed: 20_261_121)

    var now: Timestamp { Timestamp(seconds: FleetTests.start + today * FleetTests.day) }
    var stored: UInt64 { sets.reduce(0) { $0 + $1.stored.bytes } }

    init(_ count: Int) {
      for number in 0..<count {
        let place = Ledger.Place(host: "peer-\(number / 20)", set: "set-\(number % 20)", destination: "offsite")
        // Most are small, a few are large: from kilobytes to 1.3 GB.
        let volumes = number % 50 == 0 ? 40 : number % 10 == 0 ? 6 : 1
        let folder = makeFolder(day: -Int64(number % 7), volumes: volumes, size: volumes > 1 ? 33_000_000 : 40_000)
        sets.append(
          ProvenSet(
            stored: StoredSet(place, folders: [folder]), interval: FleetTests.interval, isIncremental: false))
      }
    }

    private func makeFolder(day: Int64, volumes: Int, size: UInt64) -> StoredSet.Folder {
      let time = Timestamp(seconds: FleetTests.start + day * FleetTests.day - 3600)
      return StoredSet.Folder(
        id: SnapshotID(started: time, random: 1), manifest: 3000,
        volumes: (1...volumes).map { StoredSet.Volume(number: $0, size: size) })
    }

    /// A seventh of the sets store a snapshot; each keeps six.
    mutating func backUp() {
      for index in sets.indices where Int64(index % 7) == today % 7 && index % 50 != 0 {
        let newest = sets[index].stored.folders.last?.volumes.count ?? 1
        let folder = makeFolder(day: today, volumes: newest, size: newest > 1 ? 33_000_000 : 40_000)
        sets[index].stored = StoredSet(
          sets[index].stored.place, folders: sets[index].stored.folders.suffix(5) + [folder])
      }
    }

    private mutating func record(_ event: CatalogEvent) {
      order += 1
      ledger.take(CatalogRecord(sequence: order, previous: .zero, time: now, event: event), order)
    }

    /// One run; `nil` for any budget.
    mutating func run(_ budget: UInt64?) {
      var plan = RunPlan(sets, ledger, level: .readable, now: now)
      if let budget { plan.proveAhead(sets, ledger, budget: budget, cadence: FleetTests.day) }
      plan.share(budget)
      var (sum, spare): (UInt64, UInt64) = (0, 0)
      for planned in plan.places {
        let allowance = planned.allowance == .max ? .max : planned.allowance + spare
        let used = prove(planned, allowance)
        sum += used
        spare = allowance == .max ? 0 : allowance - used
      }
      fetched.append(sum)
      record(.run(KeeperRun(level: .readable)))
    }

    /// As a place's run does it: manifest, then the oldest proofs that fit.
    private mutating func prove(_ planned: PlannedPlace, _ allowance: UInt64) -> UInt64 {
      let place = planned.set.place
      let age = ProofAge(now: now, interval: FleetTests.interval)
      var left = allowance
      for (id, isDue) in planned.snapshots {
        guard let folder = planned.set.stored.folders.first(where: { $0.id == id }), folder.manifest ?? 0 <= left else {
          break
        }
        left -= folder.manifest ?? 0
        var numbers: [Int] = []
        for volume in folder.volumes {
          let proven = ledger.proven(volume: volume.number, of: "\(id)", at: place, level: .readable)
          guard age.isDue(proven) || planned.wanted.contains(VolumeKey(folder: "\(id)", number: volume.number)),
            volume.size <= left
          else { continue }
          left -= volume.size
          numbers.append(volume.number)
        }
        var volumes = VolumeList()
        volumes.add(numbers, of: "\(id)")
        if !numbers.isEmpty {
          record(
            .proof(
              Proof(
                host: place.host, set: place.set, destination: place.destination, level: .readable, result: .sound,
                volumes: volumes)))
        }
        let isWhole = folder.volumes.allSatisfy {
          !age.isDue(ledger.proven(volume: $0.number, of: "\(id)", at: place, level: .readable))
        }
        if isDue, isWhole {
          var verification = Verification(
            host: place.host, set: place.set, snapshot: "\(id)", destination: place.destination, level: .readable,
            result: .sound, objects: 1, bytes: 1, seconds: 0, findingCount: 0)
          verification.since = now.rfc3339
          record(.verification(verification))
        }
      }
      return allowance - left
    }

    /// Days since the oldest proof of any volume; of one that was never proven, since it was stored.
    var oldest: Int64 {
      var oldest = now.seconds
      for set in sets {
        for folder in set.stored.folders {
          for volume in folder.volumes {
            let proven = ledger.proven(volume: volume.number, of: "\(folder.id)", at: set.place, level: .readable)
            oldest = min(oldest, proven?.seconds ?? folder.id.started.seconds)
          }
        }
      }
      return (now.seconds - oldest) / FleetTests.day
    }
  }

  @Test func aMonthFetchesAboutEverythingOnceWithinTheBudget() {
    var fleet = Fleet(1000)
    fleet.run(nil)
    // Twice a thirty-first of what will be stored: much of it is stored anew each month, and goes again.
    let budget: UInt64 = 8_000_000_000
    for day in 1...93 as ClosedRange<Int64> {
      fleet.today = day
      fleet.backUp()
      fleet.run(budget)
      #expect(fleet.fetched.last ?? 0 <= budget, "day \(day)")
      #expect(fleet.oldest <= 31, "day \(day): a proof is \(fleet.oldest) days old")
    }
    let month = fleet.fetched.suffix(31).reduce(0, +)
    // Snapshots that came and went within the month are proven once as well.
    #expect(Double(month) < 1.6 * Double(fleet.stored), "\(month) of \(fleet.stored)")
    #expect(Double(month) > 0.9 * Double(fleet.stored))
  }

  @Test func aBudgetThatIsTooSmallLetsEverythingAgeAlike() {
    var fleet = Fleet(200)
    fleet.run(nil)
    let budget = fleet.stored / 60
    for day in 1...70 as ClosedRange<Int64> {
      fleet.today = day
      fleet.run(budget)
    }
    // Each in its turn: after sixty days and those that were lost to whole volumes, nothing is left from the beginning.
    #expect((31...70).contains(fleet.oldest))
    #expect(fleet.fetched.dropFirst().allSatisfy { $0 <= budget })
  }
}
