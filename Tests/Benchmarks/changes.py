"""What later runs cost: a little of a large file changed, and ten nights of changes.

The bytes that a run adds to a folder are the bytes that it sends: neither tool overwrites or removes any here.
"""

import random
import shutil

from laboratory import folder_size
from tree import change_in_places, change_tree, make_file

CHANGED, NIGHTS = "1 % of a large file changed in 10 places", "ten nights of 2 % change"


def tools(laboratory, peers, redoubts, source, name):
    """(name, command line of a backup, folder of the store) of each tool, all set up for `source`."""
    store = laboratory.work / f"{name}-restic"
    laboratory.shell(f"{peers.restic_at(store)} init")
    yield "restic", f"{peers.restic_at(store)} backup {source}", store
    for redoubt in redoubts:
        store = laboratory.work / f"{name}-{redoubt.mode}"
        store.mkdir()
        node, _ = redoubt.configure(name, redoubt.in_folder(store), source)
        yield redoubt.name, node % "backup", store


def changed_file(laboratory, peers, redoubts, number, size):
    source = laboratory.work / "one-file"
    source.mkdir()
    file = source / "store.etch"
    make_file(file, size)
    measured = list(tools(laboratory, peers, redoubts, source, f"changed-{number}"))
    for _, backup, _ in measured:
        laboratory.shell(backup)
    change_in_places(file, random.Random(number), places=10, total=size // 100)
    turn = number % len(measured)
    for tool, backup, store in measured[turn:] + measured[:turn]:
        before = folder_size(store)
        laboratory.measure(CHANGED, tool, backup)
        laboratory.store(CHANGED, tool, folder_size(store) - before)
    for _, _, store in measured:
        shutil.rmtree(store)
    shutil.rmtree(source)


def ten_nights(laboratory, peers, redoubts):
    source = laboratory.work / "nights"
    shutil.copytree(laboratory.tree, source, copy_function=shutil.copy2)
    measured = list(tools(laboratory, peers, redoubts, source, "nights"))
    for _, backup, _ in measured:
        laboratory.shell(backup)
    chance = random.Random(10)
    for night in range(10):
        change_tree(source, chance, share=0.02)
        turn = night % len(measured)
        for tool, backup, _ in measured[turn:] + measured[:turn]:
            laboratory.measure(NIGHTS, tool, backup)
    for tool, _, store in measured:
        laboratory.store(NIGHTS, tool, folder_size(store))
        shutil.rmtree(store)
    shutil.rmtree(source)
