/// Trees that are hard to back up, the same ones for the same seed.
enum RandomTree {
  /// What some witnesses cannot do.
  enum Feature: String, CaseIterable {
    /// Paths longer than PATH_MAX: GNU tar cannot make them.
    case deep
    /// Fractions of seconds before 1970 and decomposed Unicode names, equals signs in attributes' names: libarchive 3.6 mistakes them.
    case exact
  }

  static func make(in folder: String, seed: Int, features: [Feature] = Feature.allCases) throws {
    try shell(
      "python3 -c \"$1\" \"$2\" \"$3\" $4", script, folder, String(seed),
      features.map(\.rawValue).joined(separator: " "))
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
}
