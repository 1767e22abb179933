"""The report: conditions, the goals and how far they are met, a table for each task."""

import os
import platform
import statistics
import subprocess
import time

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


def goals(laboratory, options):
    rows = []
    for mode in (FULL, INCREMENTAL):
        rows += goals_of_mode(laboratory, mode)
    if rows:
        title = "## Goals" + (" (of no meaning for a tree as small as this)" if options.quick else "")
        yield from (title, "", "| Redoubt's mode | what | against | goal | measured | |", "|---|---|---|---|---|---|")
        yield from (f"| {' | '.join(row[:5])} | {'met' if row[5] else '**missed**'} |" for row in rows)
        yield ""


WHERE = """\
## Where the time goes

A first backup to a folder, by perf: 63 % of the processor time is the kernel's (copying between files, pipes and memory,
mapping memory, writing the store), 13 % SHA-256 (of each file, each zstd frame and each message), 12 % gpg's AES and
SHA-1, 7 % zstd, the rest Redoubt's own code and libc. The kernel's share is what is left to win: buffers that are used
again. `tar | zstd | gpg` into a file hashes nothing, syncs nothing and keeps no list of files: it does less, and is ahead
for that. To S3 the server works on the same two cores and takes SHA-256 and MD5 of every byte, so the wall clock is
longer than our processor time divided by two. The guides' pipeline is bound by gzip, on one core. Where nothing has
changed, the time is that of looking at each file (`find`) and of two catalog segments, each of which is a run of gpg.
"""


def goals_of_mode(laboratory, mode):
    name = f"redoubt ({mode} mode)"
    for task, peer, goal in GOALS[mode] + GOALS_OF_EACH:
        theirs, ours = seconds(laboratory, task, peer), seconds(laboratory, task, name)
        if theirs and ours:
            ratio = median_ratio(theirs, ours)
            yield mode, task, cell(peer), f"{goal:.2g} times as fast", f"{ratio:.2f}", ratio >= goal
    runs = [run for (_, tool), runs in laboratory.results.items() if tool == name for run in runs]
    if runs:
        peak = max(run.peak for run in runs)
        yield mode, "peak memory of all runs", "", f"< {PEAK_GOAL / 1e6:.0f} MB", f"{peak / 1e6:.0f} MB", peak < PEAK_GOAL
    sent, size = laboratory.stored.get((CHANGED, name)), (64 if laboratory.options.quick else 1024) << 20
    if sent:
        times = statistics.median(sent) / (size / 100)
        yield (mode, f"bytes sent, {CHANGED}", "the changed bytes", f"at most {CHANGED_GOAL} times", f"{times:.2f}",
               times <= CHANGED_GOAL)
    stored, theirs = laboratory.stored.get((NIGHTS, name)), laboratory.stored.get((NIGHTS, "restic"))
    if stored and theirs:
        times = stored[0] / theirs[0]
        yield mode, f"storage, {NIGHTS}", "restic", f"at most {NIGHTS_GOAL} times", f"{times:.2f}", times <= NIGHTS_GOAL


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
        named.insert(0, "redoubt " + first_line([f"{laboratory.programs}/redoubt", "--version"]))
    yield f"- {time.strftime('%Y-%m-%d', time.gmtime())}, rounds: {options.rounds}, all tools in turn; medians"
    yield f"- {os.cpu_count()} × {model}, {memory / 1e6:.0f} GB, Linux {platform.release()}"
    yield f"- tree: {describe_tree(laboratory.tree)}, in the page cache"
    yield f"- S3 server: {options.server} on loopback, on the same cores, data in memory, new for each round"
    yield "- " + "; ".join(named)
    yield ("- wall clock and CPU (user + system, with all children) are the kernel's; peak memory is the largest sum of the "
           "proportional set sizes of the tool's processes, sampled every 50 ms: shared pages count once, the page cache "
           "and gpg-agent don't count")
    yield "- the plain pipelines sync nothing to disk; Redoubt and restic sync what they store in a folder"
    yield ("- trees are restored to a tmpfs: on ext4 the removal of one restored tree multiplies the time of whoever makes "
           "files next, because the kernel looks through the deleted inodes for one that is old enough "
           "(`recently_deleted` in its profile), and the order of the tools would decide")
    yield "- Redoubt's full mode stores everything every time by design, so it has no row where nothing has changed"
    yield (f"- stored MB of “{CHANGED}” is what this one run added; of “{NIGHTS}”, all that is stored after them; nothing is "
           "pruned")
