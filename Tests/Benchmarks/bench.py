#!/usr/bin/env python3
"""Compares Redoubt with the guides' pipeline, plain tools, restic, Borg and duplicity on the same tree and S3 server.

All tools run in turn within each round, in another order each round, so that a machine whose speed drifts is fair to all;
shown are medians over the rounds, and medians of each round's own ratio. What is measured and how is in the
report's list of conditions (report.py).

Writes RESULTS.md beside this file, unless --quick, --peers-only or fewer than three rounds. Needs about 5 GB in --work,
2 GB of memory in --restore-to, and four minutes a round.
"""

import argparse
import pathlib
import signal
import sys

from changes import changed_file, ten_nights
from fleet import fleet
from laboratory import Laboratory
from redoubt import FULL, INCREMENTAL, Redoubt
from peers import Peers
from report import report
from scale import large_file, million_files
from tree import make_tree

HERE = pathlib.Path(__file__).resolve().parent


def run(options):
    laboratory = Laboratory(options)
    try:
        laboratory.prepare()
        return measure_all(laboratory, options)
    finally:
        laboratory.clean_up()


def kept(results):
    """What was measured by other means, from its first heading on, stays in the report."""
    _, heading, rest = results.partition("## Size, start, status and idle memory")
    return heading + rest


def measure_all(laboratory, options):
    print("making the tree…", flush=True)
    make_tree(laboratory.tree, small=2000 if options.quick else 18000, large=(40 if options.quick else 400) << 20)
    peers = Peers(laboratory)
    redoubts = [] if options.peers_only else Redoubt.variants(laboratory, options.modes)
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", flush=True)
        one_round(laboratory, options, peers, redoubts, number)
    text = report(laboratory, options)
    print(text)
    if not (options.quick or options.peers_only) and options.rounds >= 3:
        results = HERE / "RESULTS.md"
        results.write_text(text.rstrip() + "\n\n" + kept(results.read_text()))
    return 1 if laboratory.failures else 0


def one_round(laboratory, options, peers, redoubts, number):
    # Reads the whole tree once, so that every tool finds it in the page cache.
    laboratory.shell(f"tar c -C {laboratory.tree} . | cat >/dev/null")
    tools = [peers.plain_tools, peers.guide, peers.restic_s3, peers.restic_folder]
    if not options.quick:
        tools.append(peers.borg)
        if number == 0:
            tools.append(peers.duplicity)
    for redoubt in redoubts:
        tools += [redoubt.s3, redoubt.folder]
    turn = number % len(tools)
    laboratory.start_server(number)
    try:
        for tool in tools[turn:] + tools[:turn]:
            tool(f"r{number}")
    finally:
        laboratory.stop_server()
    peers.find()
    incremental = [redoubt for redoubt in redoubts if redoubt.mode == INCREMENTAL]
    if options.changes:
        changed_file(laboratory, peers, incremental, number, (64 if options.quick else 1024) << 20)
    if options.nights and number == 0:
        ten_nights(laboratory, peers, incremental)
    if options.million and number == 0:
        million_files(laboratory, peers, incremental, options)
    if options.large and number == 0:
        large_file(laboratory, incremental, options)
    if options.fleet and number == 0:
        fleet(laboratory, options)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--programs", help="the folder of redoubt and redoubt-verify")
    parser.add_argument("--rounds", type=int, help="3; 1 with --quick")
    parser.add_argument("--modes", help="of Redoubt, separated by commas; by default those that `redoubt check` accepts")
    parser.add_argument("--changes", action="store_true", help="also: 1%% of a 1 GiB file changed in 10 places")
    parser.add_argument("--nights", action="store_true", help="also: ten nights, each with 2%% of the tree changed")
    parser.add_argument("--million", action="store_true", help="also: a million small files (6 GB and 20 minutes more)")
    parser.add_argument("--large", action="store_true", help="also: one file of 20 GB (40 GB and 10 minutes more)")
    parser.add_argument("--fleet", action="store_true", help="also: a keeper of 1,000 sets, and of 100,000 records (a few minutes more)")
    parser.add_argument("--quick", action="store_true", help="a small tree, one round, no Borg and duplicity")
    parser.add_argument("--peers-only", action="store_true", help="without Redoubt")
    parser.add_argument("--server", default="radosgw", choices=["radosgw", "swift-s3", "moto"])
    parser.add_argument("--work", default=str(HERE.parent.parent / "bench-work"), help="a folder on a real disk")
    parser.add_argument("--restore-to", default="/dev/shm", help="a folder on a tmpfs; a new one is made in it")
    parser.add_argument("--keep", action="store_true", help="keep the working folder")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 3)
    options.modes = options.modes.split(",") if options.modes else None
    if set(options.modes or []) - {FULL, INCREMENTAL}:
        parser.error(f"--modes are {FULL} and {INCREMENTAL}")
    if not options.programs and not options.peers_only:
        parser.error("name --programs, or --peers-only")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
