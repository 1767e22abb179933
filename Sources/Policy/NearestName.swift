/// The candidate that a person most likely meant, for "did you mean".
/// - Returns: nil where none is close: more than a third of the letters differ (at least two may).
func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
  let limit = max(2, name.count / 3)
  return candidates.map { (distance: editDistance(name, $0), name: $0) }
    .filter { $0.distance <= limit && $0.distance < $0.name.count }
    .min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
}

/// Insertions, deletions, substitutions and swaps of neighbors that turn one word into the other (the restricted
/// Damerau-Levenshtein distance).
func editDistance(_ one: String, _ other: String) -> Int {
  let (a, b) = (Array(one.lowercased()), Array(other.lowercased()))
  if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
  var before: [Int] = []
  var previous = Array(0...b.count)
  for i in 1...a.count {
    var row = [i]
    for j in 1...b.count {
      var least = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { least = min(least, before[j - 2] + 1) }
      row.append(least)
    }
    before = previous
    previous = row
  }
  return previous[b.count]
}
