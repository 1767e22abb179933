internal import Files

/// Prometheus's own judge of metrics and rules.
public enum Promtool {
  private static let scripts = Paths.parent(Paths.parent(Paths.parent(#filePath))) + "/scripts"
  private static let path = Result {
    try Command.succeed("\(scripts)/install-promtool.sh", timeout: 600)
    return try Command.succeed("\(scripts)/install-promtool.sh", ["--print-path"]).lines.last ?? ""
  }

  public static func run(_ arguments: [String], input: [UInt8] = []) throws -> Command.Outcome {
    try Command.run(try path.get(), arguments, input: input)
  }
}
