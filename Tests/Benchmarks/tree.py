"""The benchmark's mixed tree: many small files of compressible text, and large incompressible ones."""

import os
import random

WORDS = ("block account balance peer stake order belief state transaction signature memory juice coin transfer query "
         "network consensus timestamp sequence environment holding index cell branch leaf root hash value tag ref").split()


def make_tree(root, small, large, seed=20261121):
    """`small` text files of 200 bytes to 30 kB (about 4 kB on average), and `large` bytes of random data."""
    chance = random.Random(seed)
    # Most of the words are of the BIP-39 list: "nonce" is not, and keeps twelve of them from standing in a row.
    lines = [" ".join(chance.choices(WORDS, k=9)) + f" nonce {chance.randrange(10**9)}\n" for _ in range(20000)]
    root.mkdir(parents=True)
    for number in range(small):
        folder = root / f"clients/{number % 40:02d}/{number // 40 % 15:02d}"
        if number < 600:
            folder.mkdir(parents=True, exist_ok=True)
        size = min(30000, max(200, int(chance.lognormvariate(7.8, 0.9))))
        text = "".join(chance.choices(lines, k=size // 60 + 1))[:size]
        (folder / f"record-{number:05d}.json").write_text(text)
    data = root / "data"
    data.mkdir()
    # One of nine tenths and nine small ones, as stores with generations have.
    parts = [large * 9 // 10] + [large // 90] * 9
    for number, size in enumerate(parts):
        make_file(data / f"store.{number:03d}.etch", size)


def make_file(path, size):
    with open(path, "wb") as file:
        while size > 0:
            piece = min(size, 4 << 20)
            file.write(os.urandom(piece))
            size -= piece


def change_in_places(path, chance, places, total):
    """Overwrites `total` bytes with random ones in so many places, spread over the file."""
    stretch = path.stat().st_size // places
    piece = min(total // places, stretch)
    with open(path, "r+b") as file:
        for place in range(places):
            file.seek(place * stretch + chance.randrange(stretch - piece + 1))
            file.write(os.urandom(piece))


def change_tree(root, chance, share):
    """Changes this share: of the small files as many, each anew; of the large ones as many bytes, in one place for
    each 50 MB."""
    small = sorted(root.glob("clients/**/*.json"))
    for path in chance.sample(small, int(len(small) * share)):
        words = chance.choices(WORDS, k=path.stat().st_size // 6)
        path.write_text(" ".join(words) + "\n")
    for path in sorted(root.glob("data/*.etch")):
        size = path.stat().st_size
        change_in_places(path, chance, places=max(1, size // 50_000_000), total=int(size * share))


def describe_tree(root):
    sizes = [path.stat().st_size for path in root.rglob("*") if path.is_file()]
    small = [size for size in sizes if size <= 30000]
    return (f"{len(sizes)} files, {sum(sizes) / 1e6:.0f} MB: {len(small)} small text files of {sum(small) / 1e6:.0f} MB, "
            f"the rest incompressible")
