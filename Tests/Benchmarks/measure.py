"""Runs a command and measures it with everything it starts."""

import ctypes
import dataclasses
import os
import resource
import subprocess
import tempfile
import threading
import time


@dataclasses.dataclass
class Measurement:
    seconds: float
    cpu: float  # seconds, user + system
    peak: int  # bytes
    status: int
    errors: str

    def __str__(self):
        return f"{self.seconds:7.2f} s  cpu {self.cpu:6.1f} s  peak {self.peak / 1e6:6.0f} MB" + (
            f"  EXIT STATUS {self.status}" if self.status else "")


LIBC = ctypes.CDLL(None, use_errno=True)
SYS_KCMP = {"x86_64": 312, "aarch64": 272}.get(os.uname().machine)
KCMP_VM = 1


def share_memory(one, other):
    """Whether two processes are in one address space, as a child is with its parent between vfork(2) and execve(2)."""
    return SYS_KCMP is not None and LIBC.syscall(SYS_KCMP, one, other, KCMP_VM, 0, 0) == 0


def session_memory(session):
    """The sum of the proportional set sizes of a session's processes, in bytes; an address space counts once."""
    total = 0
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as stat:
                fields = stat.read().rsplit(b")", 1)[1].split()
            if int(fields[3]) != session or share_memory(int(name), int(fields[1])):
                continue
            with open(f"/proc/{name}/smaps_rollup", "rb") as maps:
                total += next(int(line.split()[1]) for line in maps if line.startswith(b"Pss:")) * 1024
        except (OSError, StopIteration, IndexError):
            continue  # it has just ended
    return total


def run_measured(command, environment, folder):
    """Output goes nowhere; what is written to standard error is kept."""
    peak = 0
    done = threading.Event()
    with tempfile.TemporaryFile() as errors:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.monotonic()
        process = subprocess.Popen(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True)

        def sample():
            nonlocal peak
            while not done.wait(0.05):
                peak = max(peak, session_memory(process.pid))

        sampler = threading.Thread(target=sample)
        sampler.start()
        status = process.wait()
        seconds = time.monotonic() - start
        done.set()
        sampler.join()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        errors.seek(0)
        text = errors.read().decode(errors="replace")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measurement(seconds, cpu, peak, status, text)
