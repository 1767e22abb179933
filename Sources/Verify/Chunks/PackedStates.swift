internal import Channels

/// A number from 0 to 3 for each of many things, in a quarter of a byte. Those that were never set are 0.
struct PackedStates {
  private var bytes: [UInt8] = []

  subscript(_ index: Int) -> UInt8 {
    get { index >> 2 < bytes.count ? bytes[index >> 2] >> (UInt8(index & 3) << 1) & 3 : 0 }
    set {
      if index >> 2 >= bytes.count {
        bytes.append(contentsOf: repeatElement(0, count: max((index >> 2) + 1, bytes.count * 3 / 2) - bytes.count))
      }
      let shift = UInt8(index & 3) << 1
      bytes[index >> 2] = bytes[index >> 2] & ~(3 << shift) | newValue << shift
    }
  }
}

/// What is wrong with the content of which entries, by their place in the listing. Any thread may add to it.
final class ContentFaults: Sendable {
  /// The worse is the larger.
  enum Fault: UInt8 {
    case sound
    /// No sound volume holds all of it.
    case missing
    /// The system refused to make or write the file: told already.
    case refused
    /// A chunk is there with other bytes or another length.
    case mismatched
  }

  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var states = PackedStates()
  private nonisolated(unsafe) var any = false

  var isEmpty: Bool { monitor.locked { !any } }

  subscript(_ entry: UInt32) -> Fault { monitor.locked { Fault(rawValue: states[Int(entry)]) ?? .sound } }

  func add(_ fault: Fault, _ entry: UInt32) {
    monitor.locked {
      any = true
      states[Int(entry)] = max(states[Int(entry)], fault.rawValue)
    }
  }
}
