public import Files

/// The `[[set]]` tables that redoubt.toml(5) shows under RECIPES, as they stand there.
public enum Recipes {
  public struct Recipe: Sendable {
    /// The set's name.
    public var name: String
    /// The TOML text.
    public var text: String
  }

  /// All of them, in the page's order.
  public static func all() throws(FileError) -> [Recipe] {
    let package = Paths.parent(Paths.parent(Paths.parent(#filePath)))
    let page = String(decoding: try FileContent.read("\(package)/man/redoubt.toml.5"), as: UTF8.self)
    let section = page.split(separator: "\n.Sh ").first { $0.hasPrefix("RECIPES\n") } ?? ""
    return section.split(separator: ".Bd -literal\n").dropFirst().map { block in
      let text = String(block.split(separator: "\n.Ed")[0]).replacing("\\e", with: "\\") + "\n"
      let name = text.split(separator: "\n").first { $0.hasPrefix("name = ") }?.split(separator: "\"")[1] ?? ""
      return Recipe(name: String(name), text: text)
    }
  }
}
