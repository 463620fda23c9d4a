"""Speed of grading compared with plain nbgrader: `python -m tests.bench.bench_grading`.

The same submissions are graded twice: by `nbgrader autograde` without this course's settings, which
grades one notebook after another, and by `python -m grader` with judge and sandbox. Each answer is
drawn from the reference, the correct variants and the known mistakes. Both start from a released
assignment. The time counts from the start of the command until the last notebook is graded.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from grader.bank import read_bank

ROOT = Path(__file__).parents[2]
ASSIGNMENT = "transformer"
# Of the answers this share is correct: two thirds of these are the reference, the others variants.
CORRECT_SHARE = 0.8


def hand_in(root: Path, count: int) -> None:
    """Write `count` submitted notebooks, the same in every run."""
    draw = random.Random(0)
    paths = sorted((ROOT / "solutions" / ASSIGNMENT).glob("*.ipynb"))
    texts = [path.read_text(encoding="utf-8") for path in paths]
    banks = [read_bank(path) for path in paths]
    for number in range(count):
        student, which = divmod(number, len(paths))
        notebook = json.loads(texts[which])
        for cell in notebook["cells"]:
            about = cell["metadata"].get("nbgrader", {})
            if about.get("solution"):
                known = [a for a in banks[which] if a.task == about["grade_id"]]
                is_correct = draw.random() < CORRECT_SHARE
                if not is_correct or draw.random() < 1 / 3:
                    fitting = [a for a in known if a.is_correct == is_correct]
                    cell["source"] = draw.choice(fitting).source
        folder = root / "submitted" / f"student{student:03}" / ASSIGNMENT
        folder.mkdir(parents=True, exist_ok=True)
        (folder / paths[which].name).write_text(json.dumps(notebook), encoding="utf-8")


class Run:
    """One run of a command on a course.

    Args:
        root: the course, into which the command writes autograded/.
        command: the command.
        cwd: the folder in which it is run.

    Attributes:
        first: seconds until the first notebook was graded.
        last: seconds until the last notebook was graded.
        count: the number of graded notebooks.
        seconds: seconds until the end of the command.
        memory: the most bytes that the command and its processes had in memory at once; shared
            pages count once.
    """

    def __init__(self, root: Path, command: list[str], cwd: Path):
        self.memory = 0
        start = time.time()
        process = subprocess.Popen(command, cwd=cwd, stdout=sys.stderr)
        self._watch(process)
        self.seconds = time.time() - start
        if process.returncode != 0:
            raise SystemExit(f"{' '.join(command)} ended with code {process.returncode}")
        graded = root.glob(f"autograded/*/{ASSIGNMENT}/*.ipynb")
        times = sorted(path.stat().st_mtime - start for path in graded)
        self.first, self.last, self.count = times[0], times[-1], len(times)

    def _watch(self, process: subprocess.Popen) -> None:
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(1.0):
                self.memory = max(self.memory, memory_of(process.pid))

        watcher = threading.Thread(target=look)
        watcher.start()
        process.wait()
        ended.set()
        watcher.join()


def memory_of(pid: int) -> int:
    """Bytes in memory of a process and all that it has started; shared pages count once."""
    total = 0
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0
    for process in processes:
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total


def ours(folder: Path, count: int) -> Run:
    """Grade with the judge in the sandbox."""
    root = folder / f"ours-{count}"
    hand_in(root, count)
    options = [ASSIGNMENT, "--root", str(root)]
    subprocess.run([sys.executable, "-m", "grader.release", *options], cwd=ROOT, check=True)
    command = [sys.executable, "-m", "grader", *options]
    return Run(root, command, ROOT)


def plain(folder: Path, count: int) -> Run:
    """Grade with nbgrader's own settings."""
    root = folder / f"plain-{count}"
    hand_in(root, count)
    shutil.copytree(ROOT / "solutions" / ASSIGNMENT, root / "source" / ASSIGNMENT)
    config = 'get_config().CourseDirectory.course_id = "bench"\n'
    (root / "nbgrader_config.py").write_text(config, encoding="utf-8")
    quietly = "--Application.log_level=ERROR"
    release_line = ["nbgrader", "generate_assignment", ASSIGNMENT, "--force", quietly]
    subprocess.run(release_line, cwd=root, check=True)
    return Run(root, ["nbgrader", "autograde", ASSIGNMENT, quietly], root)


def main() -> None:
    """Measure and print one line a quantity."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_grading")
    parser.add_argument("--plain", type=int, default=100, help="notebooks beside plain nbgrader")
    parser.add_argument("--few", type=int, default=50, help="notebooks of a small class")
    parser.add_argument("--many", type=int, default=1000, help="notebooks of a large class")
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores; notebooks of {ASSIGNMENT}; judge and sandbox on")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.plain:
            us, them = ours(folder, arguments.plain), plain(folder, arguments.plain)
            print(
                f"{us.count} notebooks: {60 * us.count / us.last:.0f} a minute; plain nbgrader: "
                f"{60 * them.count / them.last:.0f} a minute; ratio {them.last / us.last:.1f}"
            )
            print(
                f"with all feedback pages and grades.csv: {us.seconds:.0f} s; first score after "
                f"{us.first:.1f} s; peak memory {us.memory / 2**30:.2f} GiB"
            )
        if arguments.many:
            few, many = ours(folder, arguments.few), ours(folder, arguments.many)
            costs = [1000 * run.last / run.count for run in (few, many)]
            print(
                f"a notebook costs {costs[0]:.0f} ms among {few.count}, {costs[1]:.0f} ms among "
                f"{many.count}; ratio {costs[1] / costs[0]:.2f}; peak memory "
                f"{few.memory / 2**30:.2f} and {many.memory / 2**30:.2f} GiB"
            )
        if arguments.plain and arguments.many:
            beside = 1000 * them.last / them.count
            print(f"plain nbgrader: {beside:.0f} ms; ratio {beside / costs[1]:.1f}")


if __name__ == "__main__":
    main()
