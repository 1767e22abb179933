/// What a tree holds, told by Python and the kernel alone: an independent witness of restores.
public enum TreeWitness {
  /// A line an entry, sorted by path: path, type, mode, owner, group, time, size, content's SHA-256, link's target, first
  /// name of a hard link, extended attributes with ACLs, and whether it has holes.
  public static func describe(_ folder: String) throws(Command.Failure) -> [String] {
    try Command.succeed("python3", ["-c", script, folder], timeout: 120).lines
  }

  /// How two trees differ, a line each with its tree's mark (`-` the first, `+` the second); nothing where they are the
  /// same.
  public static func differences(_ one: String, _ other: String) throws(Command.Failure) -> [String] {
    let (left, right) = (try describe(one), try describe(other))
    let (before, after) = (Set(left), Set(right))
    return left.filter { !after.contains($0) }.map { "- \($0)" }
      + right.filter { !before.contains($0) }.map { "+ \($0)" }
  }

  /// Paths may be longer than PATH_MAX: each object is reached through its folder's descriptor.
  private static let script = #"""
    import hashlib, os, stat, sys
    lines, inodes = [], {}
    def text(b): return ''.join(chr(c) if 32 < c < 127 and c not in b'\\|' else '\\%03o' % c for c in b)
    def entry(folder, name, path):
        s = os.stat(name, dir_fd=folder, follow_symlinks=False)
        reach = b'/proc/self/fd/%d/%s' % (folder, name)
        kind = stat.S_IFMT(s.st_mode)
        what = {stat.S_IFREG: 'file', stat.S_IFDIR: 'dir', stat.S_IFLNK: 'link', stat.S_IFIFO: 'fifo', stat.S_IFSOCK: 'socket',
                stat.S_IFCHR: 'char', stat.S_IFBLK: 'block'}[kind]
        extra = ''
        if what == 'file':
            h = hashlib.sha256()
            with open(os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder), 'rb') as f:
                for piece in iter(lambda: f.read(1 << 20), b''): h.update(piece)
            extra = h.hexdigest() + (' holes' if s.st_blocks * 512 < s.st_size // 2 else '')
            if s.st_nlink > 1: extra += ' = ' + text(inodes.setdefault((s.st_dev, s.st_ino), path))
        if what == 'link': extra = '-> ' + text(os.readlink(name, dir_fd=folder))
        attributes = sorted(os.listxattr(reach, follow_symlinks=False))
        extra += ''.join(' %s:%s' % (text(os.fsencode(a)), os.getxattr(reach, a, follow_symlinks=False).hex()) for a in attributes)
        lines.append('%s|%s %o %d:%d %d %d %s' % (text(path), what, stat.S_IMODE(s.st_mode), s.st_uid, s.st_gid, s.st_mtime_ns,
                     s.st_size if what != 'dir' else 0, extra))
        return what
    def walk(folder, path):
        for name in sorted(os.listdir(b'/proc/self/fd/%d' % folder)):
            below = path + b'/' + name if path else name
            if entry(folder, name, below) == 'dir':
                inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
                walk(inner, below)
                os.close(inner)
    root = os.fsencode(sys.argv[1])
    top = os.open(root, os.O_RDONLY)
    entry(top, b'.', b'.')
    walk(top, b'')
    print('\n'.join(lines))
    """#
}
