internal import CLinux
internal import Glibc
package import SystemPackage

/// Starts a program in a process group of its own: Ctrl-C reaches us alone, and we decide how to stop. No signal stays
/// blocked or ignored (`posix_spawn(3)`).
/// - Parameters:
///   - path: the program's file.
///   - words: its name and arguments.
///   - variables: its whole environment, each `NAME=value`.
///   - descriptors: what become its descriptors 0, 1, 2 and so on; all others are closed if they are close-on-exec.
///   - folder: its working directory; this process's own where nil.
package func spawn(
  _ path: String, words: [String], variables: [String], descriptors: [Int32], folder: String? = nil
) throws(Errno) -> Int32 {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  for (number, descriptor) in descriptors.enumerated() {
    posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
  }
  if let folder { _ = redoubt_spawn_chdir(&actions, folder) }

  var attributes = posix_spawnattr_t()
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  var none = sigset_t()
  sigemptyset(&none)
  var all = sigset_t()
  sigfillset(&all)
  posix_spawnattr_setsigmask(&attributes, &none)
  posix_spawnattr_setsigdefault(&attributes, &all)
  posix_spawnattr_setpgroup(&attributes, 0)
  posix_spawnattr_setflags(
    &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

  var cWords: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
  var cVariables: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
  defer { for text in cWords + cVariables { free(text) } }
  var process = pid_t()
  let result = posix_spawn(&process, path, &actions, &attributes, &cWords, &cVariables)
  guard result == 0 else { throw Errno(rawValue: result) }
  return process
}
