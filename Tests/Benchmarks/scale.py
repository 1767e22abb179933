"""What large sets take: a million small files of which none has changed, and one file of 20 GB."""

import shutil

from laboratory import folder_size

MILLION, LARGE = "nothing changed, a million files", "first backup, one file of 20 GB"
FIRST_MILLION = "first backup, a million files"


def make_files(root, count, size=200):
    """`count` files of so many bytes, no two alike, a thousand in each folder."""
    for number in range(count):
        if number % 1000 == 0:
            folder = root / f"{number // 100_000:02d}/{number // 1000 % 100:02d}"
            folder.mkdir(parents=True)
        (folder / f"entry-{number % 1000:03d}").write_bytes(f"{number:020d}\n".encode() * (size // 21))


def million_files(laboratory, peers, redoubts, options):
    count = 20_000 if options.quick else 1_000_000
    source = laboratory.work / "many"
    make_files(source, count)
    measured = []
    for redoubt in redoubts:
        store = laboratory.work / f"many-{redoubt.mode}"
        store.mkdir()
        node, _ = redoubt.configure("many", redoubt.in_folder(store), source)
        measured.append((redoubt.name, node % "backup", store))
    store = laboratory.work / "many-restic"
    laboratory.shell(f"{peers.restic_at(store)} init")
    measured.append(("restic", f"{peers.restic_at(store)} backup {source}", store))
    for tool, backup, store in measured:
        laboratory.measure(FIRST_MILLION, tool, backup)
        laboratory.store(FIRST_MILLION, tool, folder_size(store))
    for _ in range(options.rounds):
        peers.find(source, MILLION)
        for tool, backup, _ in measured:
            laboratory.measure(MILLION, tool, backup)
    for path in [source, *(store for _, _, store in measured)]:
        shutil.rmtree(path)


def large_file(laboratory, redoubts, options):
    source = laboratory.work / "large"
    source.mkdir()
    size = (200 if options.quick else 20_000) * 10**6
    # Neither holes nor anything that compresses or repeats, made faster than /dev/urandom would.
    laboratory.shell(f"head -c {size} /dev/zero | openssl enc -aes-128-ctr -K {'2a' * 16} -iv {'17' * 16} > {source}/store.etch")
    for redoubt in redoubts:
        store = laboratory.work / f"large-{redoubt.mode}"
        store.mkdir()
        node, _ = redoubt.configure("large", redoubt.in_folder(store), source)
        laboratory.measure(LARGE, redoubt.name, node % "backup")
        laboratory.store(LARGE, redoubt.name, folder_size(store))
        shutil.rmtree(store)
    shutil.rmtree(source)
