import Files
import Glibc
import Report
import Verify

/// The file that a page is written to.
///
/// It names hosts, sets and what is wrong with them: a new file is for its owner alone, one that is there keeps its mode.
struct PageFile {
  let path: String

  /// Enough of a file to tell what it is.
  private static let beginning = 4096

  /// - Throws: `.target` where something else than a page would be lost.
  func check(replacesAnything: Bool) throws {
    guard let status = status() else { return }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw VerifyError(.target, "\(path) is no file", hint: "name a file for the page: --html report.html")
    }
    if replacesAnything || status.st_size == 0 { return }
    guard ReportPage.isReport(try start()) else {
      throw VerifyError(
        .target, "\(path) is there, and is no page of redoubt-verify",
        hint: "name another file, or give --force to replace it")
    }
  }

  /// Puts the page in place at once: readers see the earlier one or the new one.
  func write(_ html: [UInt8]) throws {
    let mode = status().map { UInt32($0.st_mode & 0o777) }
    do throws(FileError) {
      try FileContent.write(html, to: path, mode: mode ?? 0o600, ignoresUmask: mode != nil)
    } catch {
      throw VerifyError(.target, "\(error)", hint: "the page's folder must be there and writable")
    }
  }

  private func status() -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }

  private func start() throws -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw FileError("open", path, .current) }
    defer { close(file) }
    return [UInt8](unsafeUninitializedCapacity: Self.beginning) { buffer, count in
      count = max(0, retryingInterrupts { read(file, buffer.baseAddress, buffer.count) })
    }
  }
}
