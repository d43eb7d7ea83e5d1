"""Counts a server's user instructions and calls with callgrind, thread by thread, in windows."""

import collections
import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile

import asking

# The C library picks its memcpy and its like by the processor; these leave it one choice everywhere.
SAME_LIBRARY = "glibc.cpu.hwcaps=-AVX2,-AVX,-AVX512F,-AVX512VL,-AVX512BW,-ERMS,-FSRM,-AVX_Fast_Unaligned_Load"
ALLOCATIONS = frozenset((
    "malloc", "calloc", "realloc", "free", "posix_memalign", "aligned_alloc", "memalign", "mmap", "munmap",
    "swift_allocObject", "swift_slowAlloc", "swift_slowDealloc", "swift_deallocClassInstance"))
COUNTED_REFERENCES = frozenset((
    "swift_retain", "swift_retain_n", "swift_release", "swift_release_n", "swift_bridgeObjectRetain",
    "swift_bridgeObjectRelease", "swift_unknownObjectRetain", "swift_unknownObjectRelease"))

SEEDED = "seed.c: what is drawn at random is the seed\n"


class CannotCount(Exception):
    """What counts is missing here, or may not: nothing is said of the server."""


def with_seed(folder, seed=0x5EED_0F_7AB1E5, *, stands_still=False):
    """- Returns: what to set in a server's environment so that it draws no seed but this one, and its wall clock stands
    still where that is asked for.

    - Throws: OSError where there is no C compiler; Swift brings one, clang.
    """
    compiler = shutil.which("cc") or shutil.which("clang")
    if not compiler:
        raise OSError("neither cc nor clang is there")
    library, source = f"{folder}/seed.so", os.path.join(os.path.dirname(os.path.abspath(__file__)), "seed.c")
    done = subprocess.run([compiler, "-O2", "-shared", "-fPIC", f"-DSEED={seed}u",
                           *(["-DSTILL"] if stands_still else []), "-o", library, source],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{compiler} {source}: {done.stderr.strip()[-400:]}")
    return {"LD_PRELOAD": library}


def check_seeded(log):
    """- Throws: OSError where a server that was started so has not drawn the seed, by its log."""
    with open(log, encoding="utf-8", errors="replace") as text:
        if SEEDED not in text.readlines():
            raise OSError("the server draws its own seed: scripts/measure/seed.c was preloaded without effect")


class Profile:
    """What one thread did in one window."""

    def __init__(self, path):
        self.thread = path.rpartition("-")[2]  # callgrind's number
        self.calls = collections.Counter()  # by the called function's name
        self.callers = collections.Counter()  # by who calls an allocation
        self.totals = {}  # by event: Ir and, where caches are simulated, D1mr and so on
        self.costs = collections.Counter()  # by function, without what it calls
        names, current, callee, is_call = {}, "", "", False
        with open(path, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                line = line.rstrip("\n")
                if line.startswith(("fn=", "cfn=")):
                    key, _, text = line.partition("=")[2].partition(" ")
                    if text:
                        names[key] = text.partition("'")[0]  # behind it, a recursion's depth
                    if line[0] == "f":
                        current = names[key]
                    else:
                        callee = names[key]
                elif line.startswith("events: "):
                    events = line.split()[1:]
                elif line.startswith("totals: "):
                    numbers = list(map(int, line.split()[1:]))  # zeros at the end are left out
                    self.totals = dict(zip(events, numbers + [0] * len(events)))
                elif line.startswith("calls="):
                    times = int(line[6:].split()[0])
                    self.calls[callee] += times
                    if callee in ALLOCATIONS and current not in ALLOCATIONS:
                        self.callers[current] += times
                    is_call = True
                elif line[:1] in "0123456789+-*" and line:
                    if not is_call:  # the line behind a call is what it cost, with all that it called
                        fields = line.split()
                        self.costs[current] += int(fields[1]) if len(fields) > 1 else 0
                    is_call = False
        self.instructions = sum(self.costs.values())

    def count(self, functions):
        return sum(self.calls[function] for function in functions)


class CountedServer:
    """A server under callgrind. `window` is what its threads did since the last one."""

    def __init__(self, command, folder, options=(), environment=None):
        self.prefix = f"{folder}/callgrind.out"
        self.log = f"{folder}/valgrind.log"
        self.dumps = 0
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["valgrind", "--tool=callgrind", f"--callgrind-out-file={self.prefix}", "--separate-threads=yes",
                 "--instr-atstart=no", "--combine-dumps=no", *options, *command], cwd=folder, stdout=log, stderr=log,
                env={**os.environ, "GLIBC_TUNABLES": SAME_LIBRARY, **(environment or {})})

    def tell(self, *words):
        """A command to callgrind; it carries it out at once, waking the server where it sleeps. Gives what it says."""
        answer = subprocess.run(["vgdb", f"--pid={self.process.pid}", *words], capture_output=True, text=True, timeout=60)
        if answer.returncode:
            raise OSError(f"vgdb {' '.join(words)}: {answer.stderr.strip()[-400:]}")
        return answer.stdout

    def begin(self):
        self.tell("instrumentation", "on")

    def window(self):
        """- Returns: the profiles of the threads that did anything."""
        self.tell("dump")
        self.dumps += 1
        paths = glob.glob(f"{self.prefix}.{self.dumps}-*")
        profiles = [Profile(path) for path in paths]
        for path in paths:
            os.unlink(path)
        if not profiles:
            raise OSError(f"callgrind wrote no {self.prefix}.{self.dumps}-*: {os.listdir(os.path.dirname(self.prefix))}")
        return profiles

    def window_of(self, thread):
        """- Returns: the profile of the thread of that number.

        - Throws: OSError where it did nothing at all.
        """
        profiles = {profile.thread: profile for profile in self.window()}
        if thread not in profiles:
            raise OSError(f"thread {thread} did nothing; others did: {sorted(profiles)}")
        return profiles[thread]

    def thread_named(self, beginning):
        """- Returns: callgrind's number of the one thread whose name begins so.

        - Throws: OSError where there is none, or more than one.
        """
        found = []
        for number, task in re.findall(r"^Thread (\d+): .*\(lwpid (\d+)\)", self.tell("v.info", "scheduler"), re.M):
            with open(f"/proc/{self.process.pid}/task/{task}/comm", encoding="utf-8") as name:
                if name.read().startswith(beginning):
                    found.append(f"{int(number):02}")
        if len(found) != 1:
            raise OSError(f"of the threads {len(found)} are named {beginning}…, not one")
        return found[0]

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        # What a killed valgrind leaves of vgdb's pipes.
        for pipe in glob.glob(os.path.join(tempfile.gettempdir(), f"vgdb-pipe-*-{self.process.pid}-*")):
            os.unlink(pipe)


def system_calls(processes, work, log):
    """What the threads of running processes asked of the kernel during `work`, by strace.

    - Returns: calls by name.
    - Throws: CannotCount where strace cannot attach.
    """
    command = ["strace", "-f", "-c", "-o", log, "-p", ",".join(map(str, processes))]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        line = tracer.stderr.readline()
        if "attached" not in line:
            raise CannotCount(line.strip())
        work()
    finally:
        if tracer.poll() is None:
            tracer.send_signal(signal.SIGINT)
        tracer.stderr.close()
        tracer.wait()
    calls = {}
    with open(log, encoding="utf-8") as table:
        for line in table:
            match = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line)
            if match and match[2] != "total":
                calls[match[2]] = int(match[1])
    return calls
