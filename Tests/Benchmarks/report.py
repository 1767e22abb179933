"""The report: conditions, the goals and how far they are met, a table for each task."""

import os
import platform
import statistics
import subprocess
import time

import fleet
from changes import CHANGED, NIGHTS
from peers import FIND, GUIDE, PLAIN
from redoubt import FULL, INCREMENTAL
from scale import MILLION
from tree import describe_tree

# Task, peer, how many times as fast as the peer Redoubt is to be.
GOALS = {
    FULL: [("first backup, S3", GUIDE, 8), ("first backup, S3", "restic", 1), ("first backup, folder", PLAIN, 1.5),
           ("first backup, folder", "restic", 1)],
    INCREMENTAL: [("first backup, S3", GUIDE, 12), ("first backup, S3", "restic", 1.5), ("first backup, folder", PLAIN, 1.5),
                  ("nothing changed, S3", "restic", 5), ("nothing changed, folder", "restic", 5),
                  ("nothing changed, folder", FIND, 1 / 3),
                  (MILLION, "restic", 3), (MILLION, FIND, 1 / 3)],
}
GOALS_OF_EACH = [(f"{task}, {kind}", "restic", 1.2) for task in ("verify", "restore") for kind in ("S3", "folder")]
PEAK_GOAL = 400e6  # bytes
CHANGED_GOAL = 2  # times the changed bytes
NIGHTS_GOAL = 1.05  # times restic's storage


def report(laboratory, options):
    lines = ["# Results", "", *conditions(laboratory, options), "", *goals(laboratory, options), WHERE]
    for task in dict.fromkeys(task for task, _ in laboratory.results):
        lines += table(laboratory, task)
    if laboratory.failures:
        lines += ["## Failures", "", *(f"- {failure}" for failure in laboratory.failures), ""]
    return "\n".join(lines)


def median_ratio(theirs, ours):
    """The median of each round's own ratio: rounds of a quick and of a slow machine count alike."""
    return statistics.median(a / b for a, b in zip(theirs, ours))


def seconds(laboratory, task, tool):
    return [run.seconds for run in laboratory.results.get((task, tool), [])]


def processor(laboratory, task, tool):
    return [run.cpu for run in laboratory.results.get((task, tool), [])]


def goals(laboratory, options):
    rows = []
    for mode in (FULL, INCREMENTAL):
        rows += goals_of_mode(laboratory, mode)
    rows += fleet.goals(laboratory)
    if rows:
        title = "## Goals" + (" (of no meaning for a tree as small as this)" if options.quick else "")
        yield from (title, "", "| Redoubt's mode | what | against | goal | measured | | CPU |",
               "|---|---|---|---|---|---|---|")
        yield from (f"| {' | '.join(row[:5])} | {'met' if row[5] else '**missed**'} | {row[6]} |" for row in rows)
        yield ""


WHERE = """\
## Where the time goes

A first backup to a folder, by perf (full / incremental mode): SHA-256 24 / 26 % (each file, each zstd frame, each message;
in incremental mode each chunk besides), gpg's AES-256 in CFB and SHA-1 22 / 18 %, zstd 17 / 14 %, page faults 6 %, gpg's
reads and writes in pieces of 8 KiB 5 %, looking at each small file (stat, open, attributes) 6 %, Redoubt's own code 3 /
8 %. Until volumes were made in memory that is used again, 63 % of the time was the kernel's, which cleared and took back
fresh memory for every volume; that took the processor time from 4.3 to 2.8 s (full) and from 4.7 to 3.4 s (incremental),
and verification from 2.9 to 1.9 s.

The limit on two cores: of one 485 MB tree, gpg takes 0.65 s of its own and 0.25 s of the kernel's, zstd 0.45 s, three
SHA-256 0.7 s (four: 0.95 s), reading and packing 18,000 files 0.4 s. That is 2.5 CPU seconds, 1.2 s on two cores, so
1.5 times as fast as `tar | zstd | gpg` (2.2 CPU seconds, 1.3 s, bound by its one gpg) is out of reach there: it hashes
nothing, syncs nothing and keeps no list. On more cores Redoubt runs one gpg on each and the pipeline still has one. What
is left to win: two SHA-256 side by side on one core (a third of that share), and key look-ups without gpgme, which runs
six programs before the first (0.05 s, a third of a run in which nothing has changed).

With priority over all other work (SCHED_FIFO, two or three runs, medians, to and from a folder): the pipeline takes 1.4 s,
a first backup 1.8 s in full mode (2.6 s before the change above) and 2.4 s in incremental mode (2.9 s), verification 1.4 s
(1.5 s) and 1.6 s (1.9 s).

To S3 the server works on the same two cores and takes SHA-256 and MD5 of every byte. To be 12 times as fast as the guides'
pipeline (bound by gzip, 23 s), client and server together would have 1.9 s. Where nothing has changed, the time is that of
looking at each file (`find`) and of two catalog segments, each of which is a run of gpg.

Where a peer is ahead, or close: `tar | zstd | gpg` on the first backup in incremental mode, for the reasons above. restic
when a folder is verified right after the backup: its files are still in the page cache, where Redoubt's volumes never were
(they are written past it, so that a backup does not push what the machine works with out of its memory) and have to be
read from the disk.

At scale (`SCALE=1`, one round on 2026-11-21, before the merge of the secret guard): 1,000,000 small files, nothing changed:
7.6 times as fast as restic, 1.1 times the time of `find -printf` with every field; peak memory 127 MB. One file of 20 GB:
157 MB.

Looking for secrets (`secrets.sh`, quiet machine, medians of processor seconds in turns): 6 % of a first backup of this
tree (7 rounds), 17 % of one of 1.1 GB of C headers and Python's library in 58,711 files (5 rounds, single runs 10 to 20 %
apart), where there is nothing but text to look at.
"""


def goals_of_mode(laboratory, mode):
    name = f"redoubt ({mode} mode)"
    for task, peer, goal in GOALS[mode] + GOALS_OF_EACH:
        theirs, ours = seconds(laboratory, task, peer), seconds(laboratory, task, name)
        if theirs and ours:
            ratio = median_ratio(theirs, ours)
            yield (mode, task, cell(peer), f"{goal:.2g} times as fast", f"{ratio:.2f}", ratio >= goal,
                   f"{median_ratio(processor(laboratory, task, peer), processor(laboratory, task, name)):.2f}")
    runs = [run for (_, tool), runs in laboratory.results.items() if tool == name for run in runs]
    if runs:
        peak = max(run.peak for run in runs)
        yield mode, "peak memory of all runs", "", f"< {PEAK_GOAL / 1e6:.0f} MB", f"{peak / 1e6:.0f} MB", peak < PEAK_GOAL, ""
    sent, size = laboratory.stored.get((CHANGED, name)), (64 if laboratory.options.quick else 1024) << 20
    if sent:
        times = statistics.median(sent) / (size / 100)
        yield (mode, f"bytes sent, {CHANGED}", "the changed bytes", f"at most {CHANGED_GOAL} times", f"{times:.2f}",
               times <= CHANGED_GOAL, "")
    stored, theirs = laboratory.stored.get((NIGHTS, name)), laboratory.stored.get((NIGHTS, "restic"))
    if stored and theirs:
        times = stored[0] / theirs[0]
        yield mode, f"storage, {NIGHTS}", "restic", f"at most {NIGHTS_GOAL} times", f"{times:.2f}", times <= NIGHTS_GOAL, ""


def table(laboratory, task):
    names = [f"redoubt ({mode} mode)" for mode in (FULL, INCREMENTAL)]
    reference = next((name for name in names if (task, name) in laboratory.results), None)
    yield from (f"## {task[0].upper()}{task[1:]}", "",
                f"| tool | seconds (all runs) | time ÷ {reference or 'Redoubt'} | CPU s | peak MB | stored MB |",
                "|---|---|---|---|---|---|")
    rows = [(tool, runs) for (other, tool), runs in laboratory.results.items() if other == task]
    for tool, runs in sorted(rows, key=lambda row: statistics.median(run.seconds for run in row[1])):
        every = [run.seconds for run in runs]
        ratio = f"{median_ratio(every, seconds(laboratory, task, reference)):.2f}" if reference else ""
        stored = laboratory.stored.get((task, tool))
        yield (f"| {cell(tool)} | **{statistics.median(every):.2f}** ({' '.join(f'{run:.2f}' for run in every)}) | {ratio} "
               f"| {statistics.median(run.cpu for run in runs):.1f} | {max(run.peak for run in runs) / 1e6:.0f} "
               f"| {f'{statistics.median(stored) / 1e6:.1f}' if stored else ''} |")
    yield ""


def cell(text):
    return text.replace("|", "\\|")


def conditions(laboratory, options):
    def first_line(command):
        answer = subprocess.run(command, env=laboratory.environment, capture_output=True, text=True, check=False)
        return (answer.stdout or answer.stderr).strip().split("\n")[0].strip("* ")

    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory = next(int(line.split()[1]) for line in file if line.startswith("MemTotal"))
    versions = [["gpg", "--version"], ["zstd", "--version"], ["tar", "--version"], ["aws", "--version"], ["restic", "version"]]
    if not options.quick:
        versions += [["borg", "--version"], ["duplicity", "--version"]]
    named = [first_line(version) for version in versions]
    if not options.peers_only:
        named.insert(0, first_line([f"{laboratory.programs}/redoubt", "--version"]))
    yield f"- {time.strftime('%Y-%m-%d', time.gmtime())}, rounds: {options.rounds}, all tools in turn; medians"
    yield f"- {os.cpu_count()} × {model}, {memory / 1e6:.0f} GB, Linux {platform.release()}"
    yield f"- tree: {describe_tree(laboratory.tree)}, in the page cache"
    load = os.getloadavg()[2]
    if load > os.cpu_count():
        yield (f"- **the machine was busy with other work** (load {load:.0f} over the last 15 minutes): seconds say little then; "
               "compare CPU seconds")
    yield f"- S3 server: {options.server} on loopback, on the same cores, data in memory, new for each round"
    yield "- " + "; ".join(named)
    yield ("- wall clock and CPU (user + system, with all children) are the kernel's; peak memory is the largest sum of the "
           "proportional set sizes of the tool's processes, sampled every 50 ms: shared pages count once, the page cache "
           "and gpg-agent don't count")
    yield "- the plain pipelines sync nothing to disk; Redoubt and restic sync what they store in a folder"
    yield ("- trees are restored to a tmpfs: on ext4 the removal of one restored tree multiplies the time of whoever makes "
           "files next, because the kernel looks through the deleted inodes for one that is old enough "
           "(`recently_deleted` in its profile), and the order of the tools would decide")
    yield ("- a drill restores the tree and compares all of it with the manifest, content, owners, modes, times and attributes; "
           "beside it stands `restic restore --verify`, which reads the content again")
    yield "- Redoubt's full mode stores everything every time by design, so it has no row where nothing has changed"
    yield (f"- stored MB of “{CHANGED}” is what this one run added; of “{NIGHTS}”, all that is stored after them; nothing is "
           "pruned")
