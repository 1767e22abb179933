internal import Compression
internal import Digests
internal import Files
internal import OpenPGPDecryption
internal import Repository
internal import Storage

/// What a volume turned out to be.
enum VolumeOutcome: Sendable {
  /// Everything that was asked for holds; the piece of tar, where it was asked for.
  case sound([UInt8])
  case damaged(Finding)
}

/// Fetches a volume and proves it against its record, as far as a level asks.
///
/// One for each thread: it keeps a decompressor, and the memory that a volume's message and frame are in.
final class VolumeFetcher {
  private let readers: [any ObjectReader]
  private let layout: Layout
  private let decryptor: Decryptor
  private let decompressor: Decompressor
  private let message: MemoryFile
  private let frame: MemoryFile
  private let phases: PhaseTimes?

  /// - Parameter readers: where the volume may be had, in order: the next is asked where one has no sound copy.
  init(
    readers: [any ObjectReader], layout: Layout, decryptor: Decryptor, phases: PhaseTimes? = nil
  ) throws(VerifyError) {
    self.phases = phases
    self.readers = readers
    self.layout = layout
    self.decryptor = decryptor
    do {
      decompressor = try Decompressor()
      message = try MemoryFile()
      frame = try MemoryFile()
    } catch {
      throw VerifyError(.state, "\(error)")
    }
  }

  /// - Throws: where it could not be checked at any destination.
  func fetch(_ volume: VolumeRecord, level: VerificationLevel) throws(VerifyError) -> VolumeOutcome {
    var damage: VolumeOutcome?
    var failure: VerifyError?
    for reader in readers {
      do throws(VerifyError) {
        let outcome = try fetch(volume, level: level, from: reader)
        if case .sound = outcome { return outcome }
        damage = damage ?? outcome
      } catch {
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
    return damage ?? .damaged(Finding(.missing, volume.name, "no destination to fetch it from"))
  }

  private func fetch(
    _ volume: VolumeRecord, level: VerificationLevel, from reader: any ObjectReader
  ) throws(VerifyError) -> VolumeOutcome {
    let key = layout.root + volume.name
    func damaged(_ code: Finding.Code, _ detail: String) -> VolumeOutcome {
      .damaged(Finding(code, volume.name, detail))
    }
    do throws(StorageError) {
      if level == .present {
        guard let size = try reader.size(of: key) else { return damaged(.missing, "no such object") }
        guard size == UInt64(volume.size) else { return damaged(.wrongSize, "\(size) bytes instead of \(volume.size)") }
        return .sound([])
      }
      let clock = phases?.start()
      defer { phases?.add(.download, since: clock) }
      try reader.get(key, into: message, maximumLength: volume.size)
    } catch {
      switch error.code {
      case .missing: return damaged(.missing, "no such object")
      case .tooLong: return damaged(.wrongSize, "more than \(volume.size) bytes")
      default: throw VerifyError(.storage, "\(error)", hint: error.hint)
      }
    }
    guard message.count == volume.size else {
      return damaged(.wrongSize, "\(message.count) bytes instead of \(volume.size)")
    }
    guard SHA256.digest(message.bytes) == volume.digest else {
      return damaged(.wrongDigest, "the stored bytes do not have their recorded SHA-256")
    }
    if level == .intact { return .sound([]) }
    return try unpack(volume)
  }

  /// Decrypts the message to its end, compares the digest, and only then unpacks.
  private func unpack(_ volume: VolumeRecord) throws(VerifyError) -> VolumeOutcome {
    let clock = phases?.start()
    defer { phases?.add(.decrypt, since: clock) }
    let damage: String?
    do { damage = try decryptor.decrypt(message, into: frame, maximumLength: volume.plainSize) } catch {
      throw VerifyError(.keys, "\(error)", hint: error.hint)
    }
    if let damage { return .damaged(Finding(.undecryptable, volume.name, damage)) }
    guard frame.count == volume.plainSize, SHA256.digest(frame.bytes) == volume.plainDigest else {
      return .damaged(Finding(.wrongDigest, volume.name, "the decrypted bytes do not have their recorded SHA-256"))
    }
    do {
      let tar = try decompressor.decompress(frame.bytes, maximumLength: volume.tarSize)
      guard tar.count == volume.tarSize else {
        return .damaged(
          Finding(.malformed, volume.name, "unpacks to \(tar.count) bytes instead of \(volume.tarSize)"))
      }
      return .sound(tar)
    } catch {
      return .damaged(Finding(.malformed, volume.name, "\(error)"))
    }
  }
}
