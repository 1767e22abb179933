#!/usr/bin/env python3
"""Compares Redoubt with the guides' pipeline, plain tools, restic, Borg and duplicity on the same tree and S3 server.

All tools run in turn within each round, in another order each round, so that a machine whose speed drifts is fair to all.
Shown are medians over the rounds, and the median of each round's own ratio to Redoubt.

Wall clock and CPU (user + system, with all children) are the kernel's. Peak memory is the largest sum of the
proportional set sizes (PSS) of all processes of the tool's session, sampled every 50 ms: shared pages count once,
the page cache does not count. gpg-agent, a session of its own, is left out.

Writes RESULTS.md beside this file, unless --quick or --peers-only. Needs about 4 GB in --work and 10 minutes.
"""

import argparse
import collections
import os
import pathlib
import platform
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import time

from measure import Measurement, run_measured
from tree import describe_tree, make_tree

HERE = pathlib.Path(__file__).resolve().parent
SERVERS = HERE.parent / "Servers"
RECIPIENT = "bench@example.com"
SIGNER = "node@example.com"
PASSWORD = "bench-not-a-secret"


class Bench:
    def __init__(self, options):
        self.options = options
        self.work = pathlib.Path(options.work).resolve()
        self.programs = pathlib.Path(options.programs).resolve() if options.programs else None
        self.results = collections.defaultdict(list)  # (task, tool) -> [Measurement], one for each round
        self.stored = collections.defaultdict(list)  # (task, tool) -> [bytes]
        self.failures = []

    # Surroundings

    def prepare(self):
        if self.work.exists():
            shutil.rmtree(self.work)
        self.work.mkdir(parents=True)
        # gpg-agent's socket must fit into 108 bytes, so the key rings are not below --work.
        self.gnupg = pathlib.Path(subprocess.check_output(["mktemp", "-d", "/tmp/rb.XXXXXX"], text=True).strip())
        self.tree = self.work / "tree"
        print("making the tree…", flush=True)
        make_tree(self.tree, small=2000 if self.options.quick else 18000, large=(40 if self.options.quick else 400) << 20)
        self.environment = dict(os.environ, GNUPGHOME=str(self.gnupg), RESTIC_PASSWORD=PASSWORD, PASSPHRASE=PASSWORD,
                                BORG_PASSPHRASE=PASSWORD, LC_ALL="C.UTF-8", RESTIC_PROGRESS_FPS="0",
                                BORG_BASE_DIR=str(self.work / "borg-base"), RESTIC_CACHE_DIR=str(self.work / "restic-cache"),
                                AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE="/dev/null")
        # Only loopback is spoken to.
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            self.environment.pop(name, None)
        for user, kind, usage in ((RECIPIENT, "future-default", "default"), (SIGNER, "ed25519", "sign")):
            self.shell(f"gpg --batch --quiet --passphrase '' --quick-generate-key {user} {kind} {usage} never")
        listing = self.shell(f"gpg --with-colons --list-keys {SIGNER}")
        self.fingerprint = next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr"))
        self.start_server()

    def start_server(self):
        print(f"starting {self.options.server}…", flush=True)
        folder = self.work / "server"
        subprocess.run([SERVERS / "install", "--python"], check=True)
        tools = subprocess.check_output([SERVERS / "install", "--print-bin"], text=True).strip()
        self.environment["PATH"] = f"{tools}:{self.environment['PATH']}"
        answer = subprocess.check_output([SERVERS / self.options.server, "start", folder, str(os.getpid())], text=True)
        server = dict(line.split("=", 1) for line in answer.splitlines() if "=" in line)
        self.endpoint, self.region = server["endpoint"], server.get("region", "us-east-1")
        self.environment.update(AWS_ACCESS_KEY_ID=server["access-key"], AWS_SECRET_ACCESS_KEY=server["secret-key"],
                                AWS_DEFAULT_REGION=self.region)

    def clean_up(self):
        if (self.work / "server").exists():
            subprocess.run([SERVERS / self.options.server, "stop", self.work / "server"], check=False)
        if hasattr(self, "gnupg"):
            subprocess.run(["gpgconf", "--homedir", self.gnupg, "--kill", "all"], check=False)
            shutil.rmtree(self.gnupg, ignore_errors=True)
        if not self.options.keep:
            shutil.rmtree(self.work, ignore_errors=True)

    def shell(self, command):
        return subprocess.run(["bash", "-o", "pipefail", "-c", command], env=self.environment, check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout

    def aws(self, command):
        return self.shell(f"aws --endpoint-url {self.endpoint} {command}")

    # What is measured

    def measure(self, task, tool, command):
        result = run_measured(["bash", "-o", "pipefail", "-c", command], self.environment, self.work)
        print(f"  {task:34} {tool:28} {result}", flush=True)
        if result.status != 0:
            self.failures.append(f"{task}, {tool}: exit status {result.status}: {result.errors[-500:]}")
            print(result.errors[-2000:], file=sys.stderr)
        self.results[task, tool].append(result)

    def store(self, task, tool, size):
        self.stored[task, tool].append(size)

    def bucket_size(self, bucket):
        listing = self.aws(f"s3 ls --recursive --summarize s3://{bucket}")
        return next(int(line.split(":")[1]) for line in listing.splitlines() if "Total Size" in line)

    @staticmethod
    def folder_size(folder):
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    def redoubt_configuration(self, name, destination):
        """A node's and a keeper's file for one destination; the commands' options for both."""
        folder = self.work / f"redoubt-{name}"
        for state in ("node", "keeper"):
            (folder / state).mkdir(parents=True)
        where = f'[[destination]]\nname = "bench"\n{destination}\n'
        (folder / "node.toml").write_text(
            f'host = "bench"\nstate = "{folder}/node"\n[keys]\ngnupg-home = "{self.gnupg}"\nrecipients = ["{RECIPIENT}"]\n'
            f'signer = "{SIGNER}"\n{where}[[set]]\nname = "tree"\nclass = "client-database"\npaths = ["{self.tree}"]\n'
            'destinations = ["bench"]\n')
        (folder / "keeper.toml").write_text(
            f'state = "{folder}/keeper"\n[keys]\ngnupg-home = "{self.gnupg}"\n{where}[[node]]\nhost = "bench"\n'
            f'trusted-signers = ["{self.fingerprint}"]\ndestinations = ["bench"]\n')
        for file in folder.glob("*.toml"):
            file.chmod(0o600)
        node = f"{self.programs}/redoubt %s --config {folder}/node.toml"
        keeper = f"{self.programs}/redoubt-verify %s --config {folder}/keeper.toml"
        return node, keeper

    def round(self, number):
        print(f"round {number + 1} of {self.options.rounds}", flush=True)
        name = f"r{number}"
        tools = [self.plain_tools, self.guide, self.restic_s3, self.restic_folder]
        if not self.options.quick:
            tools.append(self.borg)
            if number == 0:
                tools.append(self.duplicity)
        if not self.options.peers_only:
            tools += [self.redoubt_s3, self.redoubt_folder]
        turn = number % len(tools)
        for tool in tools[turn:] + tools[:turn]:
            tool(name)
        self.measure("nothing changed, folder", "find -printf", f"find {self.tree} -printf '%p %y %m %U %G %s %T@ %C@ %i %n %l\\n' >/dev/null")

    def redoubt_s3(self, name):
        bucket = f"redoubt-{name}"
        self.aws(f"s3 mb s3://{bucket}")
        node, keeper = self.redoubt_configuration(
            f"{name}-s3", f'kind = "s3"\nlocation = "cloud"\nendpoint = "{self.endpoint}"\nregion = "{self.region}"\n'
            f'bucket = "{bucket}"\nprefix = "redoubt"\nsse = "AES256"')
        self.measure("first backup, S3", "redoubt", node % "backup")
        self.store("first backup, S3", "redoubt", self.bucket_size(bucket))
        self.redoubt_rest(name, node, keeper, "S3")

    def redoubt_folder(self, name):
        store = self.work / f"redoubt-{name}-store"
        store.mkdir()
        node, keeper = self.redoubt_configuration(f"{name}-folder", f'kind = "directory"\nlocation = "offsite"\npath = "{store}"')
        self.measure("first backup, folder", "redoubt", node % "backup")
        self.store("first backup, folder", "redoubt", self.folder_size(store))
        self.redoubt_rest(name, node, keeper, "folder")
        shutil.rmtree(store)

    def redoubt_rest(self, name, node, keeper, kind):
        self.measure(f"nothing changed, {kind}", "redoubt", node % "backup")
        self.measure(f"verify, {kind}", "redoubt", keeper % "verify --level readable")
        target = self.work / "restored-redoubt"
        self.measure(f"restore, {kind}", "redoubt", keeper % f"restore latest --host bench --set tree --target {target}")
        shutil.rmtree(target, ignore_errors=True)

    def guide(self, name):
        bucket = f"guide-{name}"
        self.aws(f"s3 mb s3://{bucket}")
        self.measure("first backup, S3", "tar cz | gpg | aws s3 cp",
                     f"tar cz -C {self.tree} . | gpg --batch --quiet --trust-model always --encrypt --recipient {RECIPIENT} |"
                     f" aws --endpoint-url {self.endpoint} s3 cp - s3://{bucket}/backup.tar.gz.gpg --sse AES256 --no-progress")
        self.store("first backup, S3", "tar cz | gpg | aws s3 cp", self.bucket_size(bucket))
        target = self.work / "restored-guide"
        target.mkdir()
        self.measure("restore, S3", "tar cz | gpg | aws s3 cp",
                     f"aws --endpoint-url {self.endpoint} s3 cp s3://{bucket}/backup.tar.gz.gpg - |"
                     f" gpg --batch --quiet --decrypt | tar xz -C {target}")
        shutil.rmtree(target)

    def plain_tools(self, name):
        file = self.work / "plain.tar.zst.gpg"
        self.measure("first backup, folder", "tar | zstd -T0 | gpg -z0",
                     f"tar c -C {self.tree} . | zstd -q -T0 | gpg --batch --quiet --trust-model always -z0 --encrypt"
                     f" --recipient {RECIPIENT} > {file}")
        self.store("first backup, folder", "tar | zstd -T0 | gpg -z0", file.stat().st_size)
        target = self.work / "restored-plain"
        target.mkdir()
        self.measure("restore, folder", "tar | zstd -T0 | gpg -z0",
                     f"gpg --batch --quiet --decrypt {file} | zstd -dq | tar x -C {target}")
        shutil.rmtree(target)
        file.unlink()

    def restic(self, name, repository, kind, size):
        restic = f"restic --quiet -r {shlex.quote(repository)}"
        self.shell(f"{restic} init")
        self.measure(f"first backup, {kind}", "restic", f"{restic} backup {self.tree}")
        self.store(f"first backup, {kind}", "restic", size())
        self.measure(f"nothing changed, {kind}", "restic", f"{restic} backup {self.tree}")
        self.measure(f"verify, {kind}", "restic", f"{restic} check --read-data")
        target = self.work / "restored-restic"
        self.measure(f"restore, {kind}", "restic", f"{restic} restore latest --target {target}")
        shutil.rmtree(target, ignore_errors=True)

    def restic_s3(self, name):
        bucket = f"restic-{name}"
        self.restic(name, f"s3:{self.endpoint}/{bucket}", "S3", lambda: self.bucket_size(bucket))

    def restic_folder(self, name):
        store = self.work / "restic-store"
        self.restic(name, str(store), "folder", lambda: self.folder_size(store))
        shutil.rmtree(store)

    def borg(self, name):
        store = self.work / "borg-store"
        self.shell(f"borg init --encryption repokey-blake2 {store}")
        self.measure("first backup, folder", "borg", f"borg create {store}::a {self.tree}")
        self.store("first backup, folder", "borg", self.folder_size(store))
        self.measure("nothing changed, folder", "borg", f"borg create {store}::b {self.tree}")
        self.measure("verify, folder", "borg", f"borg check --verify-data {store}")
        target = self.work / "restored-borg"
        target.mkdir()
        self.measure("restore, folder", "borg", f"cd {target} && borg extract {store}::a")
        shutil.rmtree(target)
        shutil.rmtree(store)

    def duplicity(self, name):
        store = self.work / "duplicity-store"
        archive = f"--archive-dir {self.work}/duplicity-archive --encrypt-key {RECIPIENT} --gpg-options '--trust-model always'"
        self.measure("first backup, folder", "duplicity", f"duplicity full {archive} {self.tree} file://{store}")
        self.store("first backup, folder", "duplicity", self.folder_size(store))
        self.measure("nothing changed, folder", "duplicity", f"duplicity incr {archive} {self.tree} file://{store}")
        target = self.work / "restored-duplicity"
        self.measure("restore, folder", "duplicity", f"duplicity restore {archive} file://{store} {target}")
        shutil.rmtree(target, ignore_errors=True)
        shutil.rmtree(store)

    # The report

    def report(self):
        lines = ["# Results", "", *self.conditions(), ""]
        for task in dict.fromkeys(task for task, _ in self.results):
            lines += [f"## {task[0].upper()}{task[1:]}", "", "| tool | seconds (all rounds) | ratio to Redoubt | CPU s | peak MB | stored MB |",
                      "|---|---|---|---|---|---|"]
            rows = [(tool, runs) for (other, tool), runs in self.results.items() if other == task]
            ours = self.results.get((task, "redoubt"), [])
            for tool, runs in sorted(rows, key=lambda row: statistics.median(run.seconds for run in row[1])):
                lines.append(self.row(task, tool, runs, ours))
            lines.append("")
        if self.failures:
            lines += ["## Failures", "", *(f"- {failure}" for failure in self.failures), ""]
        return "\n".join(lines)

    def row(self, task, tool, runs, ours):
        seconds = statistics.median(run.seconds for run in runs)
        every = " ".join(f"{run.seconds:.2f}" for run in runs)
        ratio = statistics.median(a.seconds / b.seconds for a, b in zip(runs, ours)) if ours else None
        stored = self.stored.get((task, tool))
        tool = tool.replace("|", "\\|")
        return (f"| {tool} | **{seconds:.2f}** ({every}) | {f'{ratio:.2f}' if ratio else ''} "
                f"| {statistics.median(run.cpu for run in runs):.1f} | {max(run.peak for run in runs) / 1e6:.0f} "
                f"| {f'{statistics.median(stored) / 1e6:.1f}' if stored else ''} |")

    def conditions(self):
        def first_line(command):
            answer = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
            return (answer.stdout or answer.stderr).strip().split("\n")[0]

        model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
        memory = next(int(line.split()[1]) for line in open("/proc/meminfo") if line.startswith("MemTotal"))
        yield f"- {time.strftime('%Y-%m-%d', time.gmtime())}, {self.options.rounds} rounds, tools in turn; medians"
        yield f"- {os.cpu_count()} × {model}, {memory / 1e6:.0f} GB, Linux {platform.release()}"
        yield f"- tree: {describe_tree(self.tree)}, in the page cache"
        yield f"- S3 server: {self.options.server} on loopback, on the same cores"
        versions = [["gpg", "--version"], ["zstd", "--version"], ["tar", "--version"], ["aws", "--version"], ["restic", "version"]]
        if not self.options.quick:
            versions += [["borg", "--version"], ["duplicity", "--version"]]
        if not self.options.peers_only:
            versions.insert(0, [f"{self.programs}/redoubt", "--version"])
        yield "- " + "; ".join(first_line(version).strip("* ") for version in versions)
        yield "- a ratio of 2 means: twice Redoubt's time"
        yield "- the plain pipelines sync nothing to disk; Redoubt and restic sync what they store in a folder"

    def run(self):
        self.prepare()
        # Reads the whole tree once, so that every tool finds it in the page cache.
        self.shell(f"tar c -C {self.tree} . | cat >/dev/null")
        for number in range(self.options.rounds):
            self.round(number)
        report = self.report()
        print(report)
        if not (self.options.quick or self.options.peers_only):
            (HERE / "RESULTS.md").write_text(report)
        return 1 if self.failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--programs", help="the folder of redoubt and redoubt-verify")
    parser.add_argument("--rounds", type=int, help="3; 1 with --quick")
    parser.add_argument("--quick", action="store_true", help="a small tree, one round, no Borg and duplicity, no RESULTS.md")
    parser.add_argument("--peers-only", action="store_true", help="without Redoubt")
    parser.add_argument("--server", default="radosgw", choices=["radosgw", "swift-s3", "moto"])
    parser.add_argument("--work", default=str(HERE.parent.parent / "bench-work"))
    parser.add_argument("--keep", action="store_true", help="keep the working folder")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 3)
    if not options.programs and not options.peers_only:
        parser.error("name --programs, or --peers-only")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench = Bench(options)
    try:
        return bench.run()
    finally:
        bench.clean_up()


if __name__ == "__main__":
    sys.exit(main())
