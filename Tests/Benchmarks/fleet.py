"""A keeper of a fleet: 1,000 sets of 20 nodes, each volume proven once a month under a budget, and a run with nothing due."""

import hashlib
import json
import shutil
import statistics

from laboratory import RECIPIENT, SIGNER, folder_size

DUE, IDLE = "a fleet of 1,000 sets, everything due, in budgeted runs", "a fleet of 1,000 sets, nothing due"
IDLE_LONG = "the same with 100,000 keeper records"
IDLE_GOAL = 1.0  # seconds
EGRESS_GOAL = 1.1  # times the stored bytes, a month
KEEPER = "redoubt-verify run"
RECORDS = 100_000


class Fleet:
    def __init__(self, laboratory, options):
        self.laboratory = laboratory
        self.folder = laboratory.work / "fleet"
        self.store = self.folder / "store"
        self.nodes, self.sets = (4, 10) if options.quick else (20, 50)
        self.keeper = f"{laboratory.programs}/redoubt-verify %s --config {self.folder}/keeper.toml"

    def make(self):
        laboratory = self.laboratory
        where = f'[[destination]]\nname = "bench"\nkind = "directory"\nlocation = "offsite"\npath = "{self.store}"\n'
        self.store.mkdir(parents=True)
        watched = ""
        for node in range(self.nodes):
            host = f"peer-{node:02d}"
            sets = ""
            for number in range(self.sets):
                source = self.folder / f"data/{host}/set-{number:02d}"
                source.mkdir(parents=True)
                # Sizes as of configurations and small databases, none alike, and nothing that compresses.
                laboratory.shell(f"head -c {2000 + 997 * ((node * self.sets + number) % 211)} /dev/urandom > {source}/content")
                sets += (f'[[set]]\nname = "set-{number:02d}"\nclass = "client-database"\npaths = ["{source}"]\n'
                         'destinations = ["bench"]\n')
            (self.folder / f"state-{host}").mkdir(mode=0o700)
            config = self.folder / f"{host}.toml"
            config.write_text(
                f'host = "{host}"\nstate = "{self.folder}/state-{host}"\n[keys]\ngnupg-home = "{laboratory.gnupg}"\n'
                f'recipients = ["{RECIPIENT}"]\nsigner = "{SIGNER}"\n{where}{sets}')
            config.chmod(0o600)
            laboratory.shell(f"{laboratory.programs}/redoubt backup --config {config}")
            watched += (f'[[node]]\nhost = "{host}"\ntrusted-signers = ["{laboratory.fingerprint}"]\n'
                        'destinations = ["bench"]\n')
        (self.folder / "keeper").mkdir(mode=0o700)
        config = self.folder / "keeper.toml"
        config.write_text(f'state = "{self.folder}/keeper"\n[keys]\ngnupg-home = "{laboratory.gnupg}"\n{where}{watched}')
        config.chmod(0o600)
        # An obligation of the table that no run can meet.
        laboratory.shell(self.keeper % "attest wallet-seed-phrases --by bench --note measured")

    def prove(self):
        """Until nothing is left over: what a month fetches, because each volume is proven once in it."""
        stored = folder_size(self.store)
        budget, fetched, runs = stored // 4, 0, 0
        while runs < 20:
            output = self.folder / "run.jsonl"
            self.laboratory.measure(DUE, KEEPER, self.keeper % f"run --no-drills --json --budget {budget}" + f" > {output}")
            runs += 1
            summary = json.loads(output.read_text().splitlines()[-1])
            fetched += summary["fetched"]
            if summary["left"]["bytes"] == 0 and summary["left"]["objects"] == 0:
                break
        self.laboratory.store(DUE, KEEPER, fetched)
        self.laboratory.store(DUE, "stored by the nodes", stored)
        print(f"  {runs} runs of {budget / 1e6:.1f} MB at most fetched {fetched / 1e6:.1f} MB of {stored / 1e6:.1f} MB")

    def idle(self, task, rounds):
        for _ in range(rounds):
            self.laboratory.measure(task, KEEPER, self.keeper % "run --no-drills")

    def lengthen(self):
        """Makes the keeper's catalog as long as that of years: verifications as they are, in one chain."""
        path = self.folder / "keeper/catalog.jsonl"
        lines = path.read_bytes().splitlines()
        proofs = [json.loads(line) for line in lines if b'"type":"verification"' in line]
        prev, number = hashlib.sha256(lines[-1]).hexdigest(), len(lines)
        with path.open("ab") as catalog:
            while number < RECORDS:
                number += 1
                record = dict(proofs[number % len(proofs)], seq=number, prev=prev)
                line = json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
                prev = hashlib.sha256(line).hexdigest()
                catalog.write(line + b"\n")


def fleet(laboratory, options):
    it = Fleet(laboratory, options)
    it.make()
    it.prove()
    it.idle(IDLE, options.rounds)
    it.lengthen()
    it.idle(IDLE_LONG, options.rounds)
    shutil.rmtree(it.folder)


def goals(laboratory):
    """Rows as report.py has them."""
    runs, (fetched, stored) = laboratory.results.get((IDLE_LONG, KEEPER)), (
        laboratory.stored.get((DUE, tool)) for tool in (KEEPER, "stored by the nodes"))
    if runs:
        seconds = statistics.median(run.seconds for run in runs)
        yield ("keeper", f"{IDLE}, 100,000 keeper records", "", f"< {IDLE_GOAL:.0f} s", f"{seconds:.2f} s", seconds < IDLE_GOAL, "")
    if fetched and stored:
        times = fetched[0] / stored[0]
        yield ("keeper", "bytes fetched a month, a fleet of 1,000 sets", "the stored bytes", f"at most {EGRESS_GOAL} times",
               f"{times:.2f}", times <= EGRESS_GOAL, "")
