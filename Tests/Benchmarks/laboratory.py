"""Where the tools are measured: key ring, S3 server, folders, and the results."""

import collections
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from measure import run_measured

SERVERS = pathlib.Path(__file__).resolve().parent.parent / "Servers"
RECIPIENT = "bench@example.com"
SIGNER = "node@example.com"
PASSWORD = "bench-not-a-secret"


class Laboratory:
    def __init__(self, options):
        self.options = options
        self.work = pathlib.Path(options.work).resolve()
        self.tree = self.work / "tree"
        self.programs = pathlib.Path(options.programs).resolve() if options.programs else None
        self.results = collections.defaultdict(list)  # (task, tool) -> [Measurement], one for each round
        self.stored = collections.defaultdict(list)  # (task, tool) -> [bytes]
        self.failures = []
        self.gnupg = self.targets = self.server = None

    def prepare(self):
        if self.work.exists():
            shutil.rmtree(self.work)
        self.work.mkdir(parents=True)
        # gpg-agent's socket must fit into 108 bytes, so the key ring is not below --work.
        self.gnupg = pathlib.Path(tempfile.mkdtemp(prefix="rb.", dir="/tmp"))
        self.targets = pathlib.Path(tempfile.mkdtemp(prefix="redoubt-bench.", dir=self.options.restore_to))
        self.environment = dict(os.environ, GNUPGHOME=str(self.gnupg), RESTIC_PASSWORD=PASSWORD, PASSPHRASE=PASSWORD,
                                BORG_PASSPHRASE=PASSWORD, LC_ALL="C.UTF-8", RESTIC_PROGRESS_FPS="0",
                                BORG_BASE_DIR=str(self.work / "borg-base"), RESTIC_CACHE_DIR=str(self.work / "restic-cache"),
                                AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE="/dev/null")
        # Only loopback is spoken to.
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            self.environment.pop(name, None)
        for user, kind, usage in ((RECIPIENT, "future-default", "default"), (SIGNER, "ed25519", "sign")):
            self.shell(f"gpg --batch --quiet --passphrase '' --quick-generate-key {user} {kind} {usage} never")
        listing = self.shell(f"gpg --with-colons --list-keys {SIGNER}")
        self.fingerprint = next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr"))
        subprocess.run([SERVERS / "install", "--python"], check=True)
        tools = subprocess.check_output([SERVERS / "install", "--print-bin"], text=True).strip()
        self.environment["PATH"] = f"{tools}:{self.environment['PATH']}"

    def start_server(self, number):
        """A new one for each round, so that none finds it fuller than the others did."""
        print(f"starting {self.options.server}…", flush=True)
        self.server = self.work / f"server-{number}"
        answer = subprocess.check_output([SERVERS / self.options.server, "start", self.server, str(os.getpid())], text=True)
        server = dict(line.split("=", 1) for line in answer.splitlines() if "=" in line)
        self.endpoint, self.region = server["endpoint"], server.get("region", "us-east-1")
        self.environment.update(AWS_ACCESS_KEY_ID=server["access-key"], AWS_SECRET_ACCESS_KEY=server["secret-key"],
                                AWS_DEFAULT_REGION=self.region)

    def stop_server(self):
        if self.server:
            subprocess.run([SERVERS / self.options.server, "stop", self.server], check=False)
            self.server = None

    def clean_up(self):
        self.stop_server()
        if self.gnupg:
            subprocess.run(["gpgconf", "--homedir", self.gnupg, "--kill", "all"], check=False)
            shutil.rmtree(self.gnupg, ignore_errors=True)
        if self.targets:
            shutil.rmtree(self.targets, ignore_errors=True)
        if not self.options.keep:
            shutil.rmtree(self.work, ignore_errors=True)

    def shell(self, command):
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command], env=self.environment, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode:
            raise RuntimeError(f"exit status {done.returncode}: {command}\n{done.stderr}")
        return done.stdout

    def aws(self, command):
        return self.shell(f"aws --endpoint-url {self.endpoint} {command}")

    def measure(self, task, tool, command):
        result = run_measured(["bash", "-o", "pipefail", "-c", command], self.environment, self.work)
        print(f"  {task:34} {tool:28} {result}", flush=True)
        if result.status != 0:
            self.failures.append(f"{task}, {tool}: exit status {result.status}: {result.errors[-500:]}")
            print(result.errors[-2000:], file=sys.stderr)
        self.results[task, tool].append(result)
        return result

    def store(self, task, tool, size):
        self.stored[task, tool].append(size)

    @contextlib.contextmanager
    def target(self, made=False):
        """A folder in memory to restore into; `made` for tools that want it to exist."""
        folder = self.targets / "restored"
        if made:
            folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def bucket_size(self, bucket):
        listing = self.aws(f"s3 ls --recursive --summarize s3://{bucket}")
        return next(int(line.split(":")[1]) for line in listing.splitlines() if "Total Size" in line)


def folder_size(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
