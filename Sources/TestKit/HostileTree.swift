/// A tree with everything that is hard to back up, always the same.
public enum HostileTree {
  /// What it holds that only some can cope with.
  public enum Feature: String, CaseIterable, Sendable {
    /// A path longer than PATH_MAX, which GNU tar cannot make.
    case deep
    /// A socket, which nobody can keep.
    case socket
    /// Two thousand small files.
    case many
  }

  /// Fills the folder. What belongs to others, and device files, only root can make.
  public static func make(in folder: String, _ features: Set<Feature> = Set(Feature.allCases)) throws(Command.Failure) {
    try Command.succeed("python3", ["-c", script, folder] + features.map(\.rawValue))
  }

  /// Names of entries that the excludes `*.tmp`, `/skipped` and CACHEDIR.TAG leave out of a backup.
  public static let excluded = ["work.tmp", "sub/deeper.tmp", "skipped/inside", "cache/thing"]

  private static let script = #"""
    import os, random, socket, struct, sys
    root, features = os.fsencode(sys.argv[1]), sys.argv[2:]
    r = random.Random(7)
    admin = os.geteuid() == 0
    os.chdir(root)
    def put(name, content=b'content\n', mode=0o644):
        with open(name, 'wb') as f: f.write(content)
        os.chmod(name, mode)
    def acl(*items): return struct.pack('<I', 2) + b''.join(struct.pack('<HHi', *i) for i in items)
    odd = os.path.join(root, b'odd names')
    os.mkdir(odd); os.chdir(odd)
    for name in [b'new\nline', b'two\n\nlines\n', b'"quoted"', b"it's", b'-rf', b'--help', b'-', b' ', b'tab\there', b'back\\slash',
                 b'$(touch gone)', b'`id`', b'*', b'?', b'[a]', b'#hash', b'~', b'x' * 255, b'\xff\xfe\xfd', b'half\xc3', b'\x01\x7f',
                 'größe-Ω-\U0001f600'.encode(), 'e\u0301'.encode(), '\u00e9'.encode(), b'...', b'..x', b'.hidden', b'a=b%20c', b'100%',
                 b'\\101', b'\r', 'ä'.encode() * 127, b'==', b'path=\\etc', b'%s%n']:
        put(name, name)
    os.mkdir(b'-folder'); put(b'-folder/-file'); os.mkdir(b'new\nfolder'); put(b'new\nfolder/x\ny', b'')
    os.chdir(root)
    put(b'empty', b''); put(b'one', b'1'); put(b'block', b'b' * 512); put(b'none', b'secret', 0)
    put(b'large', r.randbytes(5 << 20)); put(b'plain', b'text ' * 300000)
    with open(b'sparse', 'wb') as f:
        f.seek(3 << 20); f.write(b'middle'); f.seek(9 << 20); f.write(b'end'); f.truncate(12 << 20)
    with open(b'all hole', 'wb') as f: f.truncate(40 << 20)
    put(b'first name', b'linked'); os.link(b'first name', b'second name'); os.mkdir(b'elsewhere'); os.link(b'first name', b'elsewhere/third')
    os.symlink(b'gone', b'dangling'); os.symlink(b'one', b'link'); os.symlink(b'/etc/passwd', b'absolute'); os.symlink(b'..', b'up')
    os.symlink(b'x' * 1000, b'long target'); os.symlink(b'\xff\n "', b'odd target'); os.symlink(b'link', b'link to link')
    os.mkfifo(b'fifo', 0o640)
    put(b'setuid', b'#!/bin/sh\n', 0o4755); put(b'setgid', b'', 0o2755); put(b'attributes')
    os.mkdir(b'sticky'); os.chmod(b'sticky', 0o1777); os.mkdir(b'empty folder'); os.mkdir(b'closed', 0o700)
    put(b'closed/inside'); os.chmod(b'closed', 0o000)
    for name, value in [(b'user.comment', b'two\nlines\0'), (b'user.empty', b''), (b'user.a=b %', bytes(range(256)))]:
        os.setxattr(b'attributes', name, value)
    os.setxattr(b'sticky', b'user.folder', b'yes')
    put(b'with acl'); os.setxattr(b'with acl', b'system.posix_acl_access', acl((1, 6, -1), (2, 4, 1234), (4, 4, -1), (8, 6, 99), (16, 6, -1), (32, 0, -1)))
    os.mkdir(b'default acl'); os.setxattr(b'default acl', b'system.posix_acl_default', acl((1, 7, -1), (2, 5, 70000), (4, 5, -1), (16, 7, -1), (32, 5, -1)))
    if admin:
        put(b'owned', b'', 0o600); os.chown(b'owned', 12345, 54321); os.chown(b'link', 1000, 1000, follow_symlinks=False)
        put(b'large owner'); os.chown(b'large owner', 4000000, 3000000)
        os.setxattr(b'owned', b'trusted.label', b'1')
    for at, (name, second) in enumerate([(b'old', 1), (b'epoch', 0), (b'future', 2**33), (b'nano', 1700000000)]):
        put(name); os.utime(name, ns=(second * 10**9 + at, second * 10**9 + at))
    os.mkdir(b'before'); put(b'before/1970'); os.utime(b'before/1970', ns=(-5 * 10**9, -5 * 10**9))
    os.mkdir(b'sub'); put(b'work.tmp'); put(b'sub/deeper.tmp'); put(b'sub/kept.tmpx')
    os.mkdir(b'skipped'); put(b'skipped/inside'); put(b'sub/skipped')
    os.mkdir(b'cache'); put(b'cache/CACHEDIR.TAG', b'Signature: 8a477f597d28d172789f06886806bc55\n'); put(b'cache/thing')
    os.mkdir(b'no cache'); put(b'no cache/CACHEDIR.TAG', b'something else\n'); put(b'no cache/thing')
    os.utime(b'link', ns=(5, 1600000000123456789), follow_symlinks=False)
    if 'socket' in features:
        s = socket.socket(socket.AF_UNIX); s.bind('socket'); s.close()
    if 'many' in features:
        for a in range(20):
            os.mkdir(b'many%d' % a)
            for b in range(100): put(b'many%d/file-%d' % (a, b), r.randbytes(r.randrange(0, 300)))
    if 'deep' in features:
        os.mkdir(b'deep'); os.chdir(b'deep')
        for n in range(45):
            d = b'level' + bytes([97 + n % 26]) * 100
            os.mkdir(d); os.chdir(d)
            if n % 11 == 0: put(b'file', b'deep %d' % n); os.symlink(b'file', b'link')
        os.link(b'file', b'twin') if os.path.exists(b'file') else put(b'bottom', b'bottom')
    """#
}
