/// Trees that are hard to back up, the same ones for the same seed.
public enum RandomTree {
  /// What some witnesses cannot do.
  public enum Feature: String, CaseIterable, Sendable {
    /// Paths longer than PATH_MAX: GNU tar cannot make them.
    case deep
    /// Fractions of seconds before 1970 and decomposed Unicode names, equals signs in attributes' names: libarchive 3.6 mistakes them.
    case exact
  }

  public static func make(
    in folder: String, seed: Int, features: [Feature] = Feature.allCases
  ) throws(Command.Failure) {
    try Command.succeed("python3", ["-c", script, folder, String(seed)] + features.map(\.rawValue))
  }

  /// What a day does to a tree: files are added, removed, moved, written, cut, linked, made folders and given to others.
  public static func change(in folder: String, seed: Int) throws(Command.Failure) {
    try Command.succeed("python3", ["-c", changes, folder, String(seed)])
  }

  private static let script = #"""
    import os, random, struct, sys
    root, seed, features = os.fsencode(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    r = random.Random(seed)
    admin = os.geteuid() == 0
    def name(used):
        while True:
            n = r.choice([
                lambda: b'n%d' % r.randrange(10**6), lambda: b'-rf', lambda: b'--help', lambda: b' ', lambda: b'a b\nc\td',
                lambda: b'quote\'"`$x`', lambda: b'#\\back\\101', lambda: bytes(r.randrange(1, 256) for _ in range(r.randrange(1, 40))),
                lambda: bytes([r.randrange(97, 123)]) * 255, lambda: 'größe-Ω-\U0001f600'.encode(), lambda: b'\xff\xfe',
                lambda: 'e\u0301'.encode() if 'exact' in features else b'e', lambda: b'.hidden', lambda: b'...', lambda: b'x' * r.randrange(90, 110),
                lambda: 'ä'.encode() * 127, lambda: b'100%=1', lambda: b'[a]*?'])().replace(b'/', b'_')
            if n not in (b'.', b'..') and n not in used:
                used.add(n); return n
    def acl():
        items = [(1, 7, -1), (2, 5, 1234), (2, 0, 70000), (4, 4, -1), (8, 7, 99), (16, 7, -1), (32, 0, -1)]
        return struct.pack('<I', 2) + b''.join(struct.pack('<HHi', *i) for i in items)
    def finish(path, kind):
        if admin and r.random() < .4:
            os.chown(path, r.choice([0, 1, 1000, 65534, 3000000, 4294967294]), r.choice([0, 5, 100, 2500000]), follow_symlinks=False)
        if kind in 'fd':
            for _ in range(r.choice([0, 0, 1, 3])):
                os.setxattr(path, b'user.' + r.choice([b'comment', b'a=b%c' if 'exact' in features else b'abc', 'ü'.encode(), b'x' * 100]), r.choice([b'', b'a\0b\n', bytes(r.randrange(256) for _ in range(300))]))
            if admin and r.random() < .1: os.setxattr(path, b'trusted.label', b'1')
        if kind != 'l':
            os.chmod(path, r.choice([0o644, 0o600, 0o755, 0o4711, 0o2750, 0o1777, 0o6755, 0] if admin else [0o644, 0o600, 0o755, 0o4711]) if kind != 'd' else r.choice([0o755, 0o700, 0o2755, 0o1777]))
        if kind in 'fd' and r.random() < .15: os.setxattr(path, b'system.posix_acl_access', acl())
        if kind == 'd' and r.random() < .15: os.setxattr(path, b'system.posix_acl_default', acl())
        second = r.choice([0, 1, 1700000000, 2**31 + 5, 2**33 + 7, -1, -2, -86400 * 365])
        fraction = r.choice([0, 1, 500000000, 999999999, 120000000])
        if second < 0 and 'exact' not in features: fraction = 0
        t = second * 10**9 + fraction
        os.utime(path, ns=(t, t), follow_symlinks=False)
    def sparse(path):
        with open(path, 'wb') as f:
            at = 0
            for _ in range(r.randrange(0, 5)):
                at += r.randrange(1, 40) * 4096
                f.seek(at); f.write(bytes([r.randrange(1, 256)]) * r.randrange(1, 9000)); at = f.tell()
            f.truncate(at + r.choice([0, 1, 4096, 500000]))
    files = []
    def fill(depth):
        made, used = [], set()
        for _ in range(r.randrange(2, 9) if depth else 30):
            n = name(used); kind = r.choice('fffffsldph' if depth < 4 else 'ffslp')
            if kind == 'h' and not files: kind = 'f'
            if kind == 'f':
                with open(n, 'wb') as f: f.write(r.randbytes(r.choice([0, 1, 511, 512, 513, 5000, 70000])))
                files.append(os.path.join(os.getcwdb(), n))
            elif kind == 's': sparse(n); kind = 'f'
            elif kind == 'l': os.symlink(r.choice([b'gone', b'/etc/passwd', b'..', b'x' * 1000, b'\xff \n', 'ö'.encode()]), n)
            elif kind == 'p': os.mkfifo(n)
            elif kind == 'h': os.link(r.choice(files), n); continue
            elif kind == 'd':
                os.mkdir(n); os.chdir(n); fill(depth + 1); os.chdir('..')
            made.append((n, kind))
        for n, kind in made: finish(n, kind)
    os.chdir(root)
    fill(0)
    for n in (b'long', b'p' * 120):
        os.makedirs(n + b'/' + b'q' * 200, exist_ok=True); sparse(n + b'/' + b'q' * 200 + b'/' + b'sparse' * 30)
    if 'deep' in features:
        for n in range(45):
            d = b'deep' + bytes([97 + n % 26]) * 100
            os.makedirs(d); os.chdir(d); open('file', 'w').write('deep'); sparse('hole'); os.symlink('file', 'link'); os.link('file', 'twin')
    """#

  private static let changes = #"""
    import os, random, shutil, stat, sys
    root, r = os.fsencode(sys.argv[1]), random.Random(int(sys.argv[2]))
    admin = os.geteuid() == 0
    def everything():
        found = []
        for at, folders, files in os.walk(root):
            if len(at) > 3000: folders.clear(); continue
            found += [os.path.join(at, n) for n in folders + files]
        return found
    for step in range(r.randrange(3, 25)):
        all = everything()
        folders = [root] + [p for p in all if os.path.isdir(p) and not os.path.islink(p)]
        new = os.path.join(r.choice(folders), b'new-%d' % r.randrange(10**9))
        what = r.choice('add add folder remove move write append cut chmod chown attribute link hard kind time hole'.split())
        if what == 'add': open(new, 'wb').write(r.randbytes(r.choice([0, 1, 4096, 80000, 400000])))
        elif what == 'folder': os.mkdir(new)
        elif what == 'link': os.symlink(r.choice([b'x', b'../..', b'/']), new)
        elif what == 'hole':
            with open(new, 'wb') as f: f.seek(r.randrange(1, 3 << 20)); f.write(b'end'); f.truncate(4 << 20)
        elif all:
            path = r.choice(all)
            mode = os.lstat(path).st_mode
            isfile, isfolder = stat.S_ISREG(mode), stat.S_ISDIR(mode)
            if what == 'remove': shutil.rmtree(path) if isfolder else os.unlink(path)
            elif what == 'move' and not isfolder: os.rename(path, new)
            elif what == 'write' and isfile:
                with open(path, 'r+b') as f:
                    f.seek(r.randrange(0, os.path.getsize(path) + 1)); f.write(r.randbytes(r.randrange(1, 3000)))
            elif what == 'append' and isfile: open(path, 'ab').write(r.randbytes(r.randrange(1, 100000)))
            elif what == 'cut' and isfile: os.truncate(path, r.randrange(0, os.path.getsize(path) + 1))
            elif what == 'chmod' and not stat.S_ISLNK(mode): os.chmod(path, r.choice([0o600, 0o644, 0o755, 0o4755]) | (0o700 if isfolder else 0))
            elif what == 'chown' and admin: os.chown(path, r.randrange(70000), r.randrange(70000), follow_symlinks=False)
            elif what == 'attribute' and (isfile or isfolder): os.setxattr(path, b'user.changed', r.randbytes(r.randrange(0, 200)))
            elif what == 'hard' and isfile: os.link(path, new)
            elif what == 'kind' and isfile: os.unlink(path); os.mkfifo(path) if r.random() < .5 else os.mkdir(path)
            elif what == 'time' and not stat.S_ISLNK(mode): os.utime(path, ns=(5, r.randrange(2 * 10**18)))
    """#
}
