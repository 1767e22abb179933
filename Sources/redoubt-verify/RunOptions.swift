public import ArgumentParser
import Policy
public import Verify

/// `50GB`, as configurations write sizes.
struct SizeArgument: ExpressibleByArgument {
  let bytes: UInt64

  init?(argument: String) {
    guard let bytes = Quantity.bytes(argument), bytes > 0 else { return nil }
    self.bytes = UInt64(bytes)
  }
}

/// `2h`, as configurations write times.
struct TimeArgument: ExpressibleByArgument {
  let seconds: Int64

  init?(argument: String) {
    guard let seconds = Quantity.seconds(argument), seconds > 0 else { return nil }
    self.seconds = seconds
  }
}

/// `5%`.
struct PercentArgument: ExpressibleByArgument {
  /// From 0 to 1.
  let share: Double

  init?(argument: String) {
    guard argument.hasSuffix("%"), let percent = Double(argument.dropLast()), (0...100).contains(percent) else {
      return nil
    }
    share = percent / 100
  }
}

extension Shard: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
