extension KeeperOverview {
  /// With the concerns of one run's part alone: its nodes, sets and destinations, its shard.
  public func part(of request: RunRequest) -> KeeperOverview {
    var part = self
    let selection = request.selection
    part.concerns = concerns.filter { concern in
      func isChosen(_ name: String?, _ names: [String]) -> Bool {
        name.map { names.isEmpty || names.contains($0) } ?? true
      }
      guard isChosen(concern.host, selection.hosts), isChosen(concern.set, selection.sets),
        isChosen(concern.destination, selection.destinations)
      else { return false }
      guard let shard = request.shard else { return true }
      // What is about no node is told by the first worker.
      guard let host = concern.host else { return shard.number == 1 }
      return concern.set.map { shard.owns(host: host, set: $0) } ?? shard.owns(host: host)
    }
    return part
  }
}
