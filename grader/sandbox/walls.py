"""The walls around a student's process, which it puts up itself just before it runs student code.

They are features of Linux, used through the C library: new namespaces for processes, mounts and
shared memory, an empty scratch folder, no capabilities, resource limits, and a filter of system
calls (see `grader.sandbox.system_calls`). The process is already within bubblewrap (see
`grader.sandbox.bubblewrap`).
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass

from grader.sandbox.system_calls import Filter

SCRATCH = "/scratch"  # not /tmp, since the course itself may lie there
NOBODY = 65534  # the user that owns nothing, by convention

# <sched.h>, <sys/mount.h>, <sys/prctl.h>, <linux/capability.h>
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWPID = 0x00020000, 0x08000000, 0x20000000
MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
CAPABILITY_VERSION_3 = 0x20080522


@dataclass(frozen=True)
class Limits:
    """What a student's process may use.

    Attributes:
        seconds_per_call: seconds for a cell, or for one call by a test.
        seconds_per_notebook: seconds for all cells and calls together.
        memory: bytes that may be allocated beyond those of the warm process.
        scratch: bytes of all files in the scratch folder, and of any single file.
        files: number of files in the scratch folder.
        open_files: number of files open at once.
        output: characters kept of what a cell prints.
    """

    seconds_per_call: float = 30.0
    seconds_per_notebook: float = 180.0
    memory: int = 2**30
    scratch: int = 64 * 2**20
    files: int = 1000
    open_files: int = 64
    output: int = 20_000


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Capabilities(ctypes.Structure):
    _fields_ = [(n, ctypes.c_uint32) for n in ("effective", "permitted", "inheritable")]


_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    """Raise an OSError if a function of the C library has failed."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def die_with_parent(parent: int) -> None:
    """On Linux, let the kernel kill this process when its parent process dies.

    Args:
        parent: the parent's process id. If it is dead already, this process ends at once.
    """
    if sys.platform == "linux":
        _check(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "dying with the parent")
        if os.getppid() != parent:
            os._exit(1)


@contextlib.contextmanager
def process_of_its_own() -> Iterator[None]:
    """Put the process forked meanwhile into a process namespace of its own.

    It sees no other process, and when it ends, all processes that it has started end too.

    Raises:
        OSError: if the kernel refuses.
    """
    _check(_libc.unshare(CLONE_NEWPID), "a new process namespace")
    try:
        yield
    finally:
        with open("/proc/self/ns/pid", "rb") as ours:
            _check(_libc.setns(ours.fileno(), CLONE_NEWPID), "our process namespace")


def mount_private_folders(limits: Limits) -> None:
    """Give this process its own shared memory, /proc, scratch folder and /dev/shm.

    Both folders are empty, and limited in bytes and number of files.

    Raises:
        OSError: if the kernel refuses.
    """
    _check(_libc.unshare(CLONE_NEWNS | CLONE_NEWIPC), "new namespaces")
    safely = MS_NOSUID | MS_NODEV
    # Only the process's own part: the load and the memory of the machine would tell of others.
    mounted = _libc.mount(b"proc", b"/proc", b"proc", safely | MS_NOEXEC, b"subset=pid")
    _check(mounted, "mounting /proc")
    for folder in (SCRATCH, "/dev/shm"):
        options = f"size={limits.scratch},nr_inodes={limits.files},mode=1777".encode()
        mounted = _libc.mount(b"tmpfs", folder.encode(), b"tmpfs", safely, options)
        _check(mounted, f"mounting {folder}")
    os.chdir(SCRATCH)


def limit_memory(extra: int) -> None:
    """Limit the address space of this process to what it has now, and `extra` bytes more."""
    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + extra, used + extra))


def limit(limits: Limits) -> None:
    """Set the resource limits, and give up the right to raise them."""
    limit_memory(limits.memory)
    seconds = int(limits.seconds_per_notebook) + 1
    for kind, most in [
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, limits.scratch),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_NPROC, 0),
        *([(resource.RLIMIT_MSGQUEUE, 0)] if hasattr(resource, "RLIMIT_MSGQUEUE") else []),
    ]:
        resource.setrlimit(kind, (most, most))


def give_up_rights() -> None:
    """Become nobody if we are root, drop every capability, and refuse new ones for ever.

    No other process of this user can then read or change this one's memory.

    Raises:
        OSError: if the kernel refuses.
    """
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    header, none = _Header(CAPABILITY_VERSION_3, 0), (_Capabilities * 2)()
    _check(_libc.capset(ctypes.byref(header), ctypes.byref(none)), "dropping capabilities")
    _check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    # For root, becoming nobody has done that already.
    _check(_libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "not being dumpable")


def main() -> None:
    """Put up all the walls in a process that does nothing else, to test whether this works here."""
    limits, filter_calls = Limits(), Filter()
    with process_of_its_own():
        pid = os.fork()
        if pid == 0:
            try:
                mount_private_folders(limits)
                give_up_rights()
                limit(limits)
                filter_calls.apply()
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    main()
