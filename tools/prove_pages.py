"""Prove that the pages' outputs repeat: execute each page again and compare outputs (nbval).

    python -m tools.prove_pages transformer

A page that was proven on this machine with the same code and packages is not executed again: a file
in the page's cache folder marks it as proven.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

BUILD = Path("_build")
PROVEN = "proven.txt"


def main() -> int:
    """Prove the pages of the parts on the command line; return the exit code of pytest."""
    caches = json.loads((BUILD / "page-caches.json").read_text(encoding="utf-8"))
    parts = tuple(f"book/{part}/" for part in sys.argv[1:])
    marks = {name: Path(cache, PROVEN) for name, cache in caches.items() if name.startswith(parts)}
    todo = {name: mark for name, mark in marks.items() if not mark.exists()}
    print(f"{len(marks) - len(todo)} pages have been proven on this machine, {len(todo)} have not.")
    if not todo:
        return 0
    # Pages that take long come first, so that none runs alone at the end.
    seconds = {name: float((Path(caches[name]) / "finished.txt").read_text()) for name in todo}
    pages = sorted(todo, key=lambda name: seconds[name], reverse=True)
    notebooks = [str(BUILD / "jupyter_execute" / f"{name}.ipynb") for name in pages]
    line = ["-m", "pytest", "--nbval", "--numprocesses=auto", "--dist=loadfile"]
    line += ["--no-loadscope-reorder", *notebooks]
    result = subprocess.run(
        [sys.executable, *line], env=os.environ | {"OMP_NUM_THREADS": "1"}, check=False
    )
    if result.returncode == 0:
        for mark in todo.values():
            mark.write_text("nbval passed\n", encoding="utf-8")
    return result.returncode


if __name__ == "__main__":
    sys.exit(main())
