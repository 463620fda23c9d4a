"""The command that starts bubblewrap, and a test whether the sandbox can be built here."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from grader.files import COURSE
from grader.sandbox.walls import SCRATCH

# The files of the course that can be read in the sandbox; none with solutions or hidden tests.
VISIBLE = (
    *("lib", "checking", "experiments", "grader/__init__.py", "grader/border"),
    "grader/data_files.py",
    *(
        f"grader/sandbox/{name}.py"
        for name in ("__init__", "messages", "shell", "student", "system_calls", "walls", "warm")
    ),
)
DEVICES = ("null", "zero", "full", "random", "urandom")


def sandbox_lacks() -> str:
    """A sentence about what this machine lacks for the sandbox and what to do; "" for nothing."""
    if sys.platform != "linux":
        return (
            f"the sandbox needs Linux (namespaces, seccomp), and this is {sys.platform}. "
            "Grade in a Linux virtual machine or container"
        )
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed. On Debian: apt-get install bubblewrap"
    try:
        probe = [*bubblewrap(), sys.executable, "-S", "-m", "grader.sandbox.walls"]
        result = subprocess.run(
            probe, capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL
        )
        error = result.stderr.decode(errors="replace").strip()[-500:]
    except (OSError, subprocess.TimeoutExpired) as problem:
        result, error = None, str(problem)
    if result is None or result.returncode != 0:
        advice = (
            "In a container, allow it user namespaces (Docker: --security-opt seccomp=unconfined "
            "or --cap-add SYS_ADMIN); on Ubuntu, see the sysctl "
            "kernel.apparmor_restrict_unprivileged_userns. libseccomp comes as libseccomp2"
        )
        return f"the kernel does not allow what the sandbox needs ({error}). {advice}"
    return ""


def environment(course: Path) -> dict[str, str]:
    """The environment variables of a process that runs student code.

    Args:
        course: the folder from which the process imports `lib`, `checking` and `grader`.
    """
    return {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(course),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OMP_THREAD_LIMIT": "1",  # whatever number an answer sets: threads are refused
        "HOME": SCRATCH,
        "TMPDIR": SCRATCH,
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
    }


def bubblewrap() -> list[str]:
    """The beginning of a command line: the command after it is run in bubblewrap's sandbox."""
    course = Path("/course")
    binds: dict[Path, Path] = {}
    for library in ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache"):
        binds[Path(library)] = Path(library)
    python = Path(sys.executable).resolve()
    for path in (Path(sys.prefix), Path(sys.base_prefix), python):
        # Of a Python in /usr, the library is in /usr/lib, which is in the list above.
        if path != Path("/usr"):
            binds[path] = path
    binds[Path("/sys/devices/system/cpu")] = Path("/sys/devices/system/cpu")  # torch counts cores
    binds |= {COURSE / name: course / name for name in VISIBLE}
    # An ordinary user gets the necessary capabilities in a new user namespace. For root no user
    # namespace is made, so that a student's process can become the user `NOBODY`.
    root = os.geteuid() == 0
    names = ("pid", "net", "ipc", "uts", "cgroup-try") if root else ("all",)
    rights = ("SYS_ADMIN", "SETUID", "SETGID", "KILL") if root else ("SYS_ADMIN",)
    command = ["bwrap", *(f"--unshare-{n}" for n in names), "--die-with-parent", "--new-session"]
    command += ["--hostname", "sandbox", "--clearenv"]
    for name, value in environment(course).items():
        command += ["--setenv", name, value]
    made: set[Path] = set()
    for source, target in binds.items():
        for parent in [*target.parents][::-1][1:]:
            # Without --dir, bubblewrap takes over the mode of the source, which may be private.
            if parent not in made:
                command += ["--perms", "0755", "--dir", str(parent)]
                made.add(parent)
        command += ["--ro-bind-try", str(source), str(target)]
        made.add(target)
    command += ["--proc", "/proc", *_devices(), "--tmpfs", SCRATCH, "--chdir", SCRATCH]
    command += ["--cap-drop", "ALL", *(a for r in rights for a in ("--cap-add", f"CAP_{r}"))]
    return [*command, "--remount-ro", "/", "--"]


def _devices() -> list[str]:
    """The options for a folder /dev that has nothing in it that two submissions could share."""
    # Not bubblewrap's --dev: it shows terminals that all submissions share, and for an ordinary
    # user it adds a user namespace, from which `process_of_its_own` cannot return.
    options = ["--tmpfs", "/dev"]
    for name in DEVICES:
        options += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    options += ["--symlink", "/proc/self/fd", "/dev/fd"]
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        options += ["--symlink", f"/proc/self/fd/{number}", f"/dev/{name}"]
    # Student code could otherwise fill /dev, which belongs to an ordinary user's sandbox.
    return [*options, "--dir", "/dev/shm", "--remount-ro", "/dev"]
