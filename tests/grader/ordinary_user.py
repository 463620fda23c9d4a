"""Running a command as an ordinary user, for tests that root runs.

The checkout, Python and the installed packages may lie in folders that only root can enter, such as
/root. The command sees each such folder as one that holds nothing but them.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.exercises.running import ROOT

USER = 4242  # any id but root's and nobody's; it needs no entry in /etc/passwd


def run_as_ordinary_user(command: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a user without any rights; only root can.

    Args:
        command: the command, which is run in the repository's root.
        home: an empty folder, which is given to the user.

    Returns:
        What the command returned; its errors are part of its output.
    """
    shutil.chown(home, USER, USER)
    shown = _shown([ROOT, Path(sys.prefix), Path(sys.base_prefix), home])
    settings = {"HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": str(ROOT)}
    user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
    return subprocess.run(
        ["bwrap", "--dev-bind", "/", "/", *shown, "--chdir", str(ROOT), "--", *user, *command],
        env=os.environ | settings | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )


def _shown(paths: Iterable[Path]) -> list[str]:
    """Options of bubblewrap that show paths to everyone whose parents are private."""
    folders, binds = set(), []
    for path in paths:
        parents = [*path.parents][::-1]
        private = [parent for parent in parents if not parent.stat().st_mode & 0o001]
        if private:
            folders.add(private[0])
            between = parents[parents.index(private[0]) + 1 :]
            binds += [option for p in between for option in ("--perms", "0755", "--dir", str(p))]
            binds += ["--bind", str(path), str(path)]
    covers = [("--perms", "0755", "--tmpfs", str(folder)) for folder in sorted(folders)]
    return [option for cover in covers for option in cover] + binds
