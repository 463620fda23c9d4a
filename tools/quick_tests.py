"""Run the quick tests that changed files concern: `make quick`.

    python -m tools.quick_tests [REVISION]

Git tells which files have changed since REVISION (default: HEAD). A file of tests is run if it has
changed itself, or if it imports a changed file, directly or through others. For changed notebooks,
banks and pages, `LOOKED_AT_BY` says which tests to run. Tests marked slow (they grade classes,
build books or drive a browser) are left to `make test`.
"""

import subprocess
import sys
from pathlib import Path

from tools.dependencies import code_of, dependencies

ROOT = Path(__file__).parents[1]
PACKAGES = ("lib", "checking", "experiments", "grader", "tools", "tests")
# The beginnings of paths of files that tests read without importing them, and these tests.
LOOKED_AT_BY = {
    "solutions/": ["tests/exercises"],
    "exercises/": ["tests/exercises/test_release.py"],
    "grader/bank/": ["tests/exercises/test_bank.py"],
    "book/": ["tests/book/test_outline.py"],
    "_toc.yml": ["tests/book/test_outline.py"],
    "README.md": ["tests/test_documented_commands.py"],
    "Makefile": ["tests/test_documented_commands.py"],
    "requirements": ["tests/test_documented_commands.py"],
}


def changed_files(revision: str) -> list[str]:
    """The paths, from the project's folder, of files that differ from a revision or are new."""
    differing = _git("diff", "--name-only", "--diff-filter=d", revision)
    new = _git("ls-files", "--others", "--exclude-standard")
    return sorted({*differing.splitlines(), *new.splitlines()})


def _git(*line: str) -> str:
    result = subprocess.run(
        ["git", *line], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    return result.stdout


def concerned_tests(changed: list[str]) -> list[str]:
    """The files and folders of tests that changed files concern."""
    files = {ROOT / name for name in changed}
    found = {tests for name in changed for tests in _tests_that_read(name)}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        used = dependencies(code_of(path), ROOT, packages=PACKAGES)
        if path in files or used & files:
            found.add(path.relative_to(ROOT).as_posix())
    if any(name.startswith(("lib/", "checking/", "grader/", "tools/")) for name in changed):
        found.add("tests/test_imports.py")
    return sorted(found)


def _tests_that_read(name: str) -> list[str]:
    return [t for start, tests in LOOKED_AT_BY.items() if name.startswith(start) for t in tests]


def main() -> int:
    """Run ruff and the tests; return the exit code of the first that fails, or 0."""
    revision = sys.argv[1] if len(sys.argv) > 1 else "HEAD"
    changed = changed_files(revision)
    chosen = concerned_tests(changed)
    print(f"{len(changed)} files differ from {revision}; tests: {' '.join(chosen) or 'none'}")
    for line in (["ruff", "check", "."], ["ruff", "format", "--check", "."]):
        code = subprocess.run(line, cwd=ROOT, check=False).returncode
        if code:
            return code
    if not chosen:
        return 0
    line = ["-m", "pytest", "-q", "-m", "not slow", "--numprocesses=auto", "--dist=loadscope"]
    line += ["--no-loadscope-reorder"]
    code = subprocess.run([sys.executable, *line, *chosen], cwd=ROOT, check=False).returncode
    return 0 if code == 5 else code  # pytest's code for no tests: all of them are slow


if __name__ == "__main__":
    sys.exit(main())
