"""Redoubt as a measured tool, once for each of its modes."""

import shutil
import subprocess

from laboratory import RECIPIENT, SIGNER, folder_size

FULL, INCREMENTAL = "full", "incremental"


class Redoubt:
    def __init__(self, laboratory, mode):
        self.laboratory = laboratory
        self.mode = mode
        self.name = f"redoubt ({mode} mode)"

    @classmethod
    def variants(cls, laboratory, modes):
        return [cls(laboratory, mode) for mode in modes or (FULL, INCREMENTAL)
                if modes or mode == FULL or cls(laboratory, mode).is_accepted()]

    def is_accepted(self):
        store = self.laboratory.work / "redoubt-probe-store"
        store.mkdir()
        node, _ = self.configure("probe", self.in_folder(store), self.laboratory.tree)
        answer = subprocess.run(["bash", "-c", node % "check"], env=self.laboratory.environment, check=False,
                                capture_output=True, text=True)
        shutil.rmtree(self.laboratory.work / f"redoubt-{self.mode}-probe")
        store.rmdir()
        if answer.returncode not in (0, 78):
            raise RuntimeError(f"redoubt check: exit status {answer.returncode}\n{answer.stderr}")
        if answer.returncode:
            print(f"mode {self.mode} is left out: {answer.stderr or answer.stdout}", flush=True)
        return answer.returncode == 0

    @staticmethod
    def in_folder(store):
        return f'kind = "directory"\nlocation = "offsite"\npath = "{store}"'

    def configure(self, name, destination, source):
        """A node's and a keeper's file for one destination; the command lines of both, with %s for the command."""
        laboratory = self.laboratory
        folder = laboratory.work / f"redoubt-{self.mode}-{name}"
        for state in ("node", "keeper"):
            (folder / state).mkdir(parents=True, mode=0o700)
        where = f'[[destination]]\nname = "bench"\n{destination}\n'
        (folder / "node.toml").write_text(
            f'host = "bench"\nstate = "{folder}/node"\n[keys]\ngnupg-home = "{laboratory.gnupg}"\n'
            f'recipients = ["{RECIPIENT}"]\nsigner = "{SIGNER}"\n{where}[[set]]\nname = "tree"\nmode = "{self.mode}"\n'
            f'class = "client-database"\npaths = ["{source}"]\ndestinations = ["bench"]\n')
        (folder / "keeper.toml").write_text(
            f'state = "{folder}/keeper"\n[keys]\ngnupg-home = "{laboratory.gnupg}"\n{where}[[node]]\nhost = "bench"\n'
            f'trusted-signers = ["{laboratory.fingerprint}"]\ndestinations = ["bench"]\n')
        for file in folder.glob("*.toml"):
            file.chmod(0o600)
        return (f"{laboratory.programs}/redoubt %s --config {folder}/node.toml",
                f"{laboratory.programs}/redoubt-verify %s --config {folder}/keeper.toml")

    def s3(self, name):
        laboratory = self.laboratory
        bucket = f"redoubt-{self.mode}-{name}"
        laboratory.aws(f"s3 mb s3://{bucket}")
        node, keeper = self.configure(
            f"{name}-s3", f'kind = "s3"\nlocation = "cloud"\nendpoint = "{laboratory.endpoint}"\n'
            f'region = "{laboratory.region}"\nbucket = "{bucket}"\nprefix = "redoubt"\nsse = "AES256"', laboratory.tree)
        laboratory.measure("first backup, S3", self.name, node % "backup")
        laboratory.store("first backup, S3", self.name, laboratory.bucket_size(bucket))
        self.rest(node, keeper, "S3")

    def folder(self, name):
        laboratory = self.laboratory
        store = laboratory.work / f"redoubt-{self.mode}-{name}-store"
        store.mkdir()
        node, keeper = self.configure(f"{name}-folder", self.in_folder(store), laboratory.tree)
        laboratory.measure("first backup, folder", self.name, node % "backup")
        laboratory.store("first backup, folder", self.name, folder_size(store))
        self.rest(node, keeper, "folder")
        shutil.rmtree(store)

    def rest(self, node, keeper, kind):
        laboratory = self.laboratory
        # Full mode stores everything anew by design: there is nothing to compare.
        if self.mode == INCREMENTAL:
            laboratory.measure(f"nothing changed, {kind}", self.name, node % "backup")
        laboratory.measure(f"verify, {kind}", self.name, keeper % "verify --level readable")
        with laboratory.target() as target:
            laboratory.measure(f"restore, {kind}", self.name,
                               keeper % f"restore latest --host bench --set tree --target {target}")
        with laboratory.target(made=True) as target:
            laboratory.measure(f"drill, {kind}", self.name, keeper % f"drill --scratch {target}")
