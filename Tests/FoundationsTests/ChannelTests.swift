import Channels
import Testing

private struct Broken: Error, Equatable {}

/// A count that several threads add to.
private final class Counter: Sendable {
  private let monitor = Monitor()
  private nonisolated(unsafe) var total = 0
  func add(_ number: Int) { monitor.locked { total += number } }
  var value: Int { monitor.locked { total } }
}

@Suite struct ChannelTests {
  @Test func everyElementArrivesOnceWhateverTheThreads() throws {
    let channel = Channel<Int>(limit: 3)
    let sum = Counter()
    let receivers = (0..<3).map { _ in
      DedicatedThread { while let number = try? channel.receive() { sum.add(number) } }
    }
    onThreads(4) { thread in
      for number in 1...500 { try? channel.send(number + thread * 500) }
    }
    channel.finish()
    for receiver in receivers { receiver.join() }
    #expect(sum.value == 2000 * 2001 / 2)
    #expect(try channel.receive() == nil)
  }

  @Test func aFullChannelMakesTheSenderWait() throws {
    let channel = Channel<Int>(limit: 10)
    let sent = Counter()
    let sender = DedicatedThread {
      for _ in 0..<4 {
        try? channel.send(1, weight: 6)
        sent.add(1)
      }
      channel.finish()
    }
    // One is in the queue and the second waits, however long the sender is given.
    while sent.value == 0 { onThreads(1) { _ in } }
    onThreads(8) { _ in }
    #expect(sent.value == 1)
    while try channel.receive() != nil {}
    sender.join()
    #expect(sent.value == 4)
  }

  @Test func anElementHeavierThanTheLimitEntersAnEmptyQueue() throws {
    let channel = Channel<Int>(limit: 1)
    try channel.send(7, weight: 100)
    #expect(try channel.receive() == 7)
  }

  @Test func failureReachesBothEndsAndDropsTheQueue() throws {
    let channel = Channel<Int>(limit: 1)
    try channel.send(1)
    let waiting = DedicatedThread { _ = try? channel.send(2) }
    channel.fail(Broken())
    waiting.join()
    #expect(throws: Broken.self) { try channel.receive() }
    #expect(throws: Broken.self) { try channel.send(3) }
  }

  @Test func finishingLetsReceiversDrain() throws {
    let channel = Channel<Int>(limit: 5)
    try channel.send(1)
    try channel.send(2)
    channel.finish()
    #expect(try channel.receive() == 1)
    #expect(try channel.receive() == 2)
    #expect(try channel.receive() == nil)
  }

  @Test func permitsBoundWhatIsInUse() {
    let permits = Permits(2)
    let inUse = Counter()
    let exceeded = Counter()
    onThreads(6) { _ in
      for _ in 0..<200 {
        permits.acquire(1)
        inUse.add(1)
        if inUse.value > 2 { exceeded.add(1) }
        inUse.add(-1)
        permits.release(1)
      }
    }
    #expect(exceeded.value == 0)
  }
}
