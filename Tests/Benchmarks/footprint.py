#!/usr/bin/env python3
"""Size, start, status and idle memory of the programs as they are packaged, beside restic's.

usage: footprint.py [--programs FOLDER] [--rounds N]      prints a table in Markdown

FOLDER holds redoubt and redoubt-verify, stripped as packages have them; by default they are taken out of the packages in
.build/packages. Times are wall clock, from starting a program to its end, medians; all programs in turn.
"""

import argparse
import glob
import os
import shutil
import statistics
import subprocess
import tempfile
import time


def timed(command, environment=None):
    begin = time.perf_counter()
    outcome = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=environment)
    return time.perf_counter() - begin, outcome


def medians(commands, rounds, environment=None):
    """Milliseconds: the median and the fastest of each command, all run in turn."""
    times = [[] for _ in commands]
    for _ in range(rounds):
        for number, command in enumerate(commands):
            seconds, outcome = timed(command, environment)
            # 5: something is overdue, which is an answer.
            assert outcome.returncode in (0, 5), (command, outcome.stderr)
            times[number].append(1000 * seconds)
    return [(statistics.median(one), min(one)) for one in times]


def programs_of(packages, folder):
    for package in glob.glob(f"{packages}/*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
    return f"{folder}/usr/bin"


def run(*command, **options):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)


def make_node(redoubt, verify, folder, sets, runs):
    """A node with a history: `sets` sets at two destinations, backed up `runs` times."""
    home = f"{folder}/keeper"
    os.mkdir(home, 0o700)
    gpg = ["gpg", "--homedir", home, "--batch", "--quiet"]
    run(*gpg, "--passphrase", "", "--quick-generate-key", "backup@example.com", "future-default", "default", "1y")
    with open(f"{folder}/backup.asc", "wb") as file:
        file.write(subprocess.run([*gpg, "--armor", "--export"], check=True, capture_output=True).stdout)
    state, configuration = f"{folder}/node", f"{folder}/redoubt.toml"
    run(redoubt, "init", "--config", configuration, "--host", "peer-1", "--state", state,
        "--recipient-key", f"{folder}/backup.asc")
    text = f'host = "peer-1"\nstate = "{state}"\n[keys]\ngnupg-home = "{state}/gnupg"\n'
    text += 'recipients = ["backup@example.com"]\nsigner = "redoubt@peer-1"\n'
    for name, location in (("offsite", "offsite"), ("disk", "local")):
        os.mkdir(f"{folder}/{name}")
        text += f'[[destination]]\nname = "{name}"\nkind = "directory"\nlocation = "{location}"\npath = "{folder}/{name}"\n'
    for number in range(sets):
        os.makedirs(f"{folder}/data/{number}")
        for name in range(20):
            with open(f"{folder}/data/{number}/{name}", "w") as file:
                file.write(f"{number} {name}\n" * 100)
        text += f'[[set]]\nname = "set-{number}"\nclass = "node-configurations"\nmode = "incremental"\n'
        text += f'paths = ["{folder}/data/{number}"]\ndestinations = ["offsite", "disk"]\n'
    with open(configuration, "w") as file:
        file.write(text)
    for number in range(runs):
        with open(f"{folder}/data/{number % sets}/changed", "w") as file:
            file.write(f"{number}\n")
        run(redoubt, "backup", "--config", configuration)
    return configuration


def resident(process):
    """Bytes: RSS, and what of it is this process's own (private)."""
    fields = {}
    with open(f"/proc/{process}/smaps_rollup") as file:
        for line in file.readlines()[1:]:
            name, amount = line.split(":")
            fields[name] = 1024 * int(amount.split()[0])
    return fields["Rss"], fields["Private_Clean"] + fields["Private_Dirty"]


def idle_watch(redoubt, configuration, seconds):
    process = subprocess.Popen([redoubt, "watch", "--config", configuration], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        time.sleep(seconds)
        assert process.poll() is None
        return resident(process.pid)
    finally:
        process.terminate()
        process.wait()


def make_restic(folder, source):
    environment = dict(os.environ, RESTIC_REPOSITORY=f"{folder}/restic", RESTIC_PASSWORD="password",
                       XDG_CACHE_HOME=f"{folder}/cache")
    run("restic", "init", env=environment)
    for _ in range(3):
        run("restic", "backup", source, env=environment)
    return environment


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--runs", type=int, default=50)
    options = parser.parse_args()
    project = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    folder = tempfile.mkdtemp(prefix="redoubt-footprint.")
    try:
        programs = options.programs or programs_of(f"{project}/.build/packages", f"{folder}/packages")
        redoubt, verify = f"{programs}/redoubt", f"{programs}/redoubt-verify"
        configuration = make_node(redoubt, verify, folder, 10, options.runs)
        restic = make_restic(folder, f"{folder}/data")
        sizes = [os.path.getsize(os.path.realpath(path)) for path in (redoubt, verify, shutil.which("restic"))]
        versions = medians([[redoubt, "--version"], [verify, "--version"], ["restic", "version"]], options.rounds)
        status = medians([[redoubt, "status", "--config", configuration], ["restic", "snapshots"]], options.rounds, restic)
        rss, private = idle_watch(redoubt, configuration, 20)
        print("| what | redoubt | redoubt-verify | restic | goal |\n|---|---|---|---|---|")
        print("| size, stripped |", " | ".join(f"{size / 1e6:.1f} MB" for size in sizes), "| < 30 MB |")
        print("| `--version` |", " | ".join(f"{a:.0f} ms ({b:.0f})" for a, b in versions), "| < 30 ms |")
        print(f"| `status` ({options.runs} runs of 10 sets at 2 destinations); `restic snapshots` | "
              f"{status[0][0]:.0f} ms ({status[0][1]:.0f}) | | {status[1][0]:.0f} ms ({status[1][1]:.0f}) | < 100 ms |")
        print(f"| memory of an idle `watch`: resident, of that its own | {rss / 1e6:.1f} MB, {private / 1e6:.1f} MB | | | < 30 MB |")
        print(f"\nload {os.getloadavg()[0]:.1f}; medians, in brackets the fastest of {options.rounds}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
