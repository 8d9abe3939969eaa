"""A Slurm of one node on this machine, for tests marked `slurm`: real daemons, a folder of state.

with cluster(tmp_path_factory.mktemp("slurm"), accounting=True) as slurm:
    inr("-m", …, "hydra/launcher=slurm", env=slurm.env)
"""

import functools
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

#: Debian's packages; the last two are for accounting.
PACKAGES = ("slurm-wlm", "munge", "slurmdbd", "mariadb-server")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "slurmdbd", "mariadbd", "mariadb-install-db")
#: Where daemons lie, too.
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
#: Of each step, on a busy machine.
SECONDS_TO_START = 60.0

# The node declares 8 cores, so that an array runs side by side anywhere. Slurm itself looks after
# time limits every 30 seconds.
SLURM = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={slurmctld}
SlurmdPort={slurmd}
SlurmUser={user}
SlurmdUser={user}
AuthInfo=socket={folder}/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,batch_sched_delay=0
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
KillWait=2
MinJobAge={remembers}
ReturnToService=2
AccountingStorageType=accounting_storage/{storage}
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=16000
PartitionName=main Nodes={host} Default=YES DefMemPerCPU=1000 State=UP
"""
ACCOUNTING = """\
AccountingStorageHost=127.0.0.1
AccountingStoragePort={slurmdbd}
AccountingStoragePass={folder}/munge
"""
SLURMDBD = """\
DbdHost=localhost
DbdPort={slurmdbd}
SlurmUser={user}
AuthInfo=socket={folder}/munge
PidFile={folder}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser={user}
StorageLoc=slurm
"""


@functools.cache
def missing() -> str | None:
    """What Slurm lacks to run here, once root has tried to install it; None is nothing."""
    if all(map(program, PROGRAMS)):
        return None
    reason = f"needs Debian's {', '.join(PACKAGES)}, or root and apt-get to install them"
    if os.geteuid() or not shutil.which("apt-get"):
        return reason
    for words in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run(
            ["apt-get", *words],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        if done.returncode:
            return f"{reason}: apt-get {words[0]}: {done.stdout[-500:]}"
    return None if all(map(program, PROGRAMS)) else reason


def program(name: str) -> str | None:
    """The path of a program, or None."""
    return shutil.which(name, path=PATH)


@contextmanager
def cluster(folder: Path, *, accounting: bool, remembers: int = 300) -> Iterator["Slurm"]:
    """A Slurm whose node is idle; at the end it is gone with all its jobs.

    Args:
        folder: empty, for state and logs; its path short, as paths of sockets are.
        accounting: with slurmdbd and a database; without, `sacct` fails as on many a cluster.
        remembers: seconds for which `squeue --states=all` and `scontrol` know of an ended job.
    """
    slurm = Slurm(folder.resolve())
    try:
        slurm.configure(accounting, remembers)
        slurm.start_munge()
        if accounting:
            slurm.start_accounting()
        slurm.start("slurmctld", "-D")
        slurm.start("slurmd", "-D")
        slurm.wait("an idle node", lambda: slurm.ask("sinfo", "-h", "-o", "%T") == "idle")
        yield slurm
    finally:
        slurm.kill()


class Slurm:
    """The daemons, and how to reach them.

    Attributes:
        folder: state, and a log for each daemon.
        env: what Slurm's commands, and what calls them, need in their environment.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {"SLURM_CONF": str(folder / "slurm.conf")}
        self._user = pwd.getpwuid(os.geteuid()).pw_name
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    def ask(self, *words: str) -> str:
        """What a command of Slurm prints, errors too."""
        done = subprocess.run(
            words, env={**os.environ, **self.env}, timeout=60, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        return done.stdout.strip()

    def configure(self, accounting: bool, remembers: int) -> None:
        """Write the files that the daemons read."""
        values = {
            **dict(zip(("slurmctld", "slurmd", "slurmdbd"), free_ports(3), strict=True)),
            "folder": self.folder,
            "host": socket.gethostname().split(".")[0],
            "remembers": remembers,
            "storage": "slurmdbd" if accounting else "none",
            "user": self._user,
        }
        text = SLURM + ACCOUNTING if accounting else SLURM
        self._write("slurm.conf", text.format(**values).encode())
        self._write("slurmdbd.conf", SLURMDBD.format(**values).encode())
        self._write("munge.key", secrets.token_bytes(128))
        for name in ("state", "spool", "database"):
            (self.folder / name).mkdir()

    def _write(self, name: str, content: bytes) -> None:
        path = self.folder / name
        path.touch(mode=0o600)  # munged and slurmdbd refuse what others can read
        path.write_bytes(content)

    def start_munge(self) -> None:
        """Start what lets the daemons trust each other."""
        at = self.folder / "munge"
        files = {"key-file": "munge.key", "pid-file": "munge.pid", "seed-file": "munge.seed"}
        options = [f"--{option}={self.folder / name}" for option, name in files.items()]
        # By force, as the folder may be closed to other users.
        self.start("munged", "--foreground", "--force", f"--socket={at}", *options)
        self.wait("munge's socket", at.exists)

    def start_accounting(self) -> None:
        """Start a database and slurmdbd, and tell them of the cluster."""
        at, data = self.folder / "mariadb", self.folder / "database"
        own = ["--no-defaults", f"--datadir={data}", f"--user={self._user}"]
        own += ["--innodb-log-file-size=4M", "--innodb-flush-method=nosync"]  # small and fast
        self.start(
            "mariadb-install-db", *own, "--auth-root-authentication-method=socket",
            f"--auth-root-socket-user={self._user}", "--skip-test-db",
        ).wait()  # fmt: skip
        self.start(
            "mariadbd", *own, "--skip-networking", f"--socket={at}", f"--pid-file={data / 'pid'}",
        )  # fmt: skip
        self.wait("the database's socket", at.exists)
        self.start("slurmdbd", "-D", MYSQL_UNIX_PORT=str(at))
        # Until slurmdbd has made its tables, this fails.
        add = ("sacctmgr", "-i", "add", "cluster", "test")
        self.wait("slurmdbd", lambda: "Adding Cluster" in self.ask(*add))

    def start(self, name: str, *options: str, **env: str) -> subprocess.Popen[bytes]:
        """Start a daemon, its output in a log."""
        path = program(name)
        assert path is not None, missing()
        with (self.folder / f"{name}.log").open("wb") as log:
            self._daemons[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", path, *options],  # even if this one is killed
                env={**os.environ, **self.env, **env, "PATH": PATH},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        return self._daemons[name]

    def wait(self, what: str, come: Callable[[], bool]) -> None:
        """Wait for what the daemons bring about; an error with their logs if they do not."""
        deadline = time.monotonic() + SECONDS_TO_START
        while not come():
            failed = [name for name, daemon in self._daemons.items() if daemon.poll()]
            if failed or time.monotonic() > deadline:
                why = f"{', '.join(failed)} failed" if failed else f"{SECONDS_TO_START:.0f} s ended"
                raise RuntimeError(f"waited for {what} until {why}\n{self.logs()}")
            time.sleep(0.1)

    def logs(self, lines: int = 15) -> str:
        """The end of every daemon's log."""
        logs = {path.name: path.read_text(errors="replace") for path in self.folder.glob("*.log")}
        return "\n".join(
            "\n".join([f"== {name}", *text.splitlines()[-lines:]]) for name, text in logs.items()
        )

    def kill(self) -> None:
        """End the daemons, the jobs and whatever else has this Slurm in its environment."""
        while found := self._processes():
            for pid in found:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue  # ended by itself
            time.sleep(0.05)
        for daemon in self._daemons.values():
            daemon.wait()

    def _processes(self) -> list[int]:
        own = f"SLURM_CONF={self.env['SLURM_CONF']}".encode()
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                variables = path.read_bytes().split(b"\0")
            except OSError:
                continue  # ended, or another user's
            if own in variables and int(path.parent.name) != os.getpid():
                found.append(int(path.parent.name))
        return found


def free_ports(count: int) -> list[int]:
    """Ports on which nothing listens."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
