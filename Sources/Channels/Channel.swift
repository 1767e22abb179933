/// A first-in, first-out queue between dedicated threads, bounded by the weight of what is in it (usually bytes).
///
/// It ends in one of two distinct ways: `finish()`, after which receivers drain what is left and get nil, or
/// `fail(_:)`, after which both ends throw the error at once and what was queued is dropped.
public final class Channel<Element: Sendable>: Sendable {
  private enum Ending {
    case open
    case finished
    case failed(any Error)
  }
  private struct State {
    var queue: [(element: Element, weight: Int)] = []
    var weight = 0
    var ending = Ending.open
  }

  private let limit: Int
  private let monitor = Monitor()
  // Guarded by `monitor`.
  private nonisolated(unsafe) var state = State()

  /// - Parameter limit: the most weight that waits in the queue. An element heavier than that enters an empty queue.
  public init(limit: Int) { self.limit = limit }

  /// Waits until there is room, then adds `element`.
  /// - Throws: the error given to `fail(_:)`.
  public func send(_ element: Element, weight: Int = 1) throws {
    try monitor.locked {
      while case .open = state.ending, !state.queue.isEmpty, state.weight + weight > limit { monitor.wait() }
      switch state.ending {
      case .failed(let error): throw error
      case .finished: return
      case .open:
        state.queue.append((element, weight))
        state.weight += weight
        monitor.wakeAll()
      }
    }
  }

  /// Waits for the next element.
  /// - Returns: nil once the channel is finished and empty.
  /// - Throws: the error given to `fail(_:)`.
  public func receive() throws -> Element? {
    try monitor.locked {
      while case .open = state.ending, state.queue.isEmpty { monitor.wait() }
      if case .failed(let error) = state.ending { throw error }
      guard !state.queue.isEmpty else { return nil }
      let (element, weight) = state.queue.removeFirst()
      state.weight -= weight
      monitor.wakeAll()
      return element
    }
  }

  /// No more elements will come. Does nothing on a channel that has ended.
  public func finish() {
    monitor.locked {
      if case .open = state.ending { state.ending = .finished }
      monitor.wakeAll()
    }
  }

  /// Ends the channel with an error, for both ends; the first error given wins.
  public func fail(_ error: any Error) {
    monitor.locked {
      if case .failed = state.ending { return }
      state.ending = .failed(error)
      state.queue.removeAll()
      state.weight = 0
      monitor.wakeAll()
    }
  }
}
