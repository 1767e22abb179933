"""The tools that Redoubt is compared with."""

import shlex
import shutil

from laboratory import RECIPIENT, folder_size

GUIDE, PLAIN, FIND = "tar cz | gpg | aws s3 cp", "tar | zstd -T0 | gpg -z0", "find -printf"
ENCRYPT = f"gpg --batch --quiet --trust-model always --encrypt --recipient {RECIPIENT}"


class Peers:
    def __init__(self, laboratory):
        self.laboratory = laboratory

    def find(self, tree=None, task="nothing changed, folder"):
        self.laboratory.measure(task, FIND,
                                f"find {tree or self.laboratory.tree} -printf '%p %y %m %U %G %s %T@ %C@ %i %n %l\\n' >/dev/null")

    def guide(self, name):
        laboratory = self.laboratory
        bucket = f"guide-{name}"
        aws = f"aws --endpoint-url {laboratory.endpoint} s3 cp --no-progress"
        laboratory.aws(f"s3 mb s3://{bucket}")
        laboratory.measure("first backup, S3", GUIDE,
                           f"tar cz -C {laboratory.tree} . | {ENCRYPT} | {aws} - s3://{bucket}/backup.tar.gz.gpg --sse AES256")
        laboratory.store("first backup, S3", GUIDE, laboratory.bucket_size(bucket))
        with laboratory.target(made=True) as target:
            laboratory.measure("restore, S3", GUIDE,
                               f"{aws} s3://{bucket}/backup.tar.gz.gpg - | gpg --batch --quiet --decrypt | tar xz -C {target}")

    def plain_tools(self, _):
        laboratory = self.laboratory
        file = laboratory.work / "plain.tar.zst.gpg"
        laboratory.measure("first backup, folder", PLAIN,
                           f"tar c -C {laboratory.tree} . | zstd -q -T0 | {ENCRYPT} -z0 > {file}")
        laboratory.store("first backup, folder", PLAIN, file.stat().st_size)
        with laboratory.target(made=True) as target:
            laboratory.measure("restore, folder", PLAIN,
                               f"gpg --batch --quiet --decrypt {file} | zstd -dq | tar x -C {target}")
        file.unlink()

    @staticmethod
    def restic_at(repository):
        return f"restic --quiet -r {shlex.quote(str(repository))}"

    def restic(self, repository, kind, size):
        laboratory = self.laboratory
        restic = self.restic_at(repository)
        laboratory.shell(f"{restic} init")
        laboratory.measure(f"first backup, {kind}", "restic", f"{restic} backup {laboratory.tree}")
        laboratory.store(f"first backup, {kind}", "restic", size())
        laboratory.measure(f"nothing changed, {kind}", "restic", f"{restic} backup {laboratory.tree}")
        laboratory.measure(f"verify, {kind}", "restic", f"{restic} check --read-data")
        with laboratory.target() as target:
            laboratory.measure(f"restore, {kind}", "restic", f"{restic} restore latest --target {target}")
        with laboratory.target() as target:
            laboratory.measure(f"drill, {kind}", "restic", f"{restic} restore latest --verify --target {target}")

    def restic_s3(self, name):
        bucket = f"restic-{name}"
        self.restic(f"s3:{self.laboratory.endpoint}/{bucket}", "S3", lambda: self.laboratory.bucket_size(bucket))

    def restic_folder(self, _):
        store = self.laboratory.work / "restic-store"
        self.restic(store, "folder", lambda: folder_size(store))
        shutil.rmtree(store)

    def borg(self, _):
        laboratory = self.laboratory
        store = laboratory.work / "borg-store"
        laboratory.shell(f"borg init --encryption repokey-blake2 {store}")
        laboratory.measure("first backup, folder", "borg", f"borg create {store}::a {laboratory.tree}")
        laboratory.store("first backup, folder", "borg", folder_size(store))
        laboratory.measure("nothing changed, folder", "borg", f"borg create {store}::b {laboratory.tree}")
        laboratory.measure("verify, folder", "borg", f"borg check --verify-data {store}")
        with laboratory.target(made=True) as target:
            laboratory.measure("restore, folder", "borg", f"cd {target} && borg extract {store}::a")
        shutil.rmtree(store)

    def duplicity(self, _):
        laboratory = self.laboratory
        store = laboratory.work / "duplicity-store"
        options = (f"--archive-dir {laboratory.work}/duplicity-archive --encrypt-key {RECIPIENT}"
                   " --gpg-options '--trust-model always'")
        laboratory.measure("first backup, folder", "duplicity", f"duplicity full {options} {laboratory.tree} file://{store}")
        laboratory.store("first backup, folder", "duplicity", folder_size(store))
        laboratory.measure("nothing changed, folder", "duplicity",
                           f"duplicity incr {options} {laboratory.tree} file://{store}")
        with laboratory.target() as target:
            laboratory.measure("restore, folder", "duplicity", f"duplicity restore {options} file://{store} {target}")
        shutil.rmtree(store)
