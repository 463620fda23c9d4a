"""bubblewrap's walls around everything in the sandbox, and whether a machine can build them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from grader.files import COURSE
from grader.sandbox.walls import SCRATCH

# What of the course is behind the walls; nothing of the instructor's.
VISIBLE = (
    *("lib", "checking", "experiments", "grader/__init__.py", "grader/border"),
    *(f"grader/sandbox/{name}.py" for name in ("__init__", "messages", "student", "walls", "warm")),
)


def sandbox_lacks() -> str:
    """What this machine lacks for the sandbox, in a sentence with what to do; "" if nothing."""
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
    """The environment variables of a process that runs students' code; course: where it lies."""
    return {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(course),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "HOME": SCRATCH,
        "TMPDIR": SCRATCH,
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
    }


def bubblewrap() -> list[str]:
    """The command that runs what follows it behind walls."""
    course = Path("/course")
    binds: dict[Path, Path] = {}
    for library in ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache"):
        binds[Path(library)] = Path(library)
    python = Path(sys.executable).resolve()
    for path in (Path(sys.prefix), Path(sys.base_prefix), python):
        if path != Path("/usr"):  # then /usr/lib holds the library, and python alone is missing
            binds[path] = path
    binds[Path("/sys/devices/system/cpu")] = Path("/sys/devices/system/cpu")  # torch counts cores
    binds |= {COURSE / name: course / name for name in VISIBLE}
    # As an ordinary user, rights are had within a new user namespace. As root no such namespace
    # is made, so that each student's process can become a user that owns nothing.
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
            if parent not in made:  # else it gets the mode of its source, which may be private
                command += ["--perms", "0755", "--dir", str(parent)]
                made.add(parent)
        command += ["--ro-bind-try", str(source), str(target)]
        made.add(target)
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", SCRATCH, "--chdir", SCRATCH]
    # To an ordinary user's students it would belong, with as much room as half of the memory.
    command += ["--remount-ro", "/dev"]
    command += ["--cap-drop", "ALL", *(a for r in rights for a in ("--cap-add", f"CAP_{r}"))]
    return [*command, "--remount-ro", "/", "--"]
