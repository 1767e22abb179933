/// The page's colors, light and dark; a test computes the contrast of what stands on what.
enum Palette {
  /// Name, light, dark.
  static let colors: [(name: String, light: String, dark: String)] = [
    ("page", "#f5f5f2", "#121517"),
    ("card", "#ffffff", "#1b1f23"),
    ("text", "#1b1f23", "#e9ecef"),
    ("muted", "#565e67", "#a9b2bb"),
    ("line", "#d8dbde", "#363d44"),
    ("link", "#0b57a4", "#8ab8f0"),
    ("good", "#13602f", "#84d6a0"),
    ("good-tint", "#dcf1e2", "#16331f"),
    ("warn", "#734700", "#f1c46c"),
    ("warn-tint", "#fcefd0", "#3a2c0e"),
    ("bad", "#9c1419", "#ff9d97"),
    ("bad-tint", "#fde5e3", "#43191a"),
    // Days of the calendar, each with the sign on it.
    ("made", "#1d7a47", "#3fa66b"),
    ("made-sign", "#ffffff", "#06150c"),
    ("same", "#d2e9da", "#1f3b2a"),
    ("same-sign", "#1c5733", "#9bdcb3"),
    ("part", "#f2c657", "#c99a2b"),
    ("part-sign", "#3a2600", "#1b1200"),
    ("fail", "#b3261e", "#e5645b"),
    ("fail-sign", "#ffffff", "#1c0403"),
    ("miss", "#ffffff", "#1b1f23"),
    ("miss-sign", "#b3261e", "#ff8e86"),
    ("idle", "#ebedef", "#262c31"),
    ("proof", "#2459c9", "#7fa8ff"),
    ("curve", "#2459c9", "#7fa8ff"),
    ("fill", "#dbe5fa", "#22304f"),
  ]

  /// Custom properties of a style sheet.
  static func properties(dark: Bool) -> String {
    colors.map { "--\($0.name):\(dark ? $0.dark : $0.light)" }.joined(separator: ";")
  }
}
