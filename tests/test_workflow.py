"""The workflow's jobs need nothing but the repository and the packages that they install.

What the jobs `test` and `newest` do beyond this is what `.ci/run` does; it is not tried here.
"""

import os
import re
import shlex
import shutil
import subprocess

import pytest
import yaml
from packaging.requirements import Requirement

from tests.environments import ROOT, link_environment, own_files, requirements_of

WORKFLOW = ROOT / ".github" / "workflows" / "course.yml"
JOBS = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
OURS = r"(?:\.ci|\.github|requirements|tests|tools)/[\w./-]*|requirements[\w.-]*\.(?:txt|lock)"


def commands_of(job):
    """The commands of a job's steps, one after the other, as lists of words."""
    text = "\n".join(step.get("run", "") for step in JOBS[job]["steps"]).replace("&&", "\n")
    return [words for line in text.splitlines() if (words := shlex.split(line, comments=True))]


def pythons_of(job, *words):
    """The arguments of those commands of a job that begin with these words.

    `python -m` or `.venv/bin/` before the words does not matter.
    """
    found = []
    for command in commands_of(job):
        command = command[2:] if command[:2] == ["python", "-m"] else command
        command = [command[0].removeprefix(".venv/bin/"), *command[1:]]
        if tuple(command[: len(words)]) == words:
            found.append(command[len(words) :])
    return found


def installed_by(job):
    """The requirements that a job installs with pip."""
    requirements = []
    for words in pythons_of(job, "pip", "install"):
        for before, word in zip(["", *words], words, strict=False):
            if own := re.fullmatch(r"\.\[(.+)\]", word):
                requirements += requirements_of(*own[1].split(","))
            elif before == "-r":
                lines = (ROOT / word).read_text(encoding="utf-8").splitlines()
                requirements += [Requirement(line) for line in lines if line[:1] not in ("", "#")]
            elif not word.startswith("-"):
                requirements.append(Requirement(word))
    return requirements


def lacking(words):
    """The words of a command that name a file or make target that the repository lacks."""
    paths = [word for word in words if re.fullmatch(OURS, word) and not (ROOT / word).exists()]
    if words[0] != "make":
        return paths
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = re.search(r"^\.PHONY: (.+)", makefile, re.MULTILINE)[1].split()
    known += re.findall(r"^(\w+) \?=", makefile, re.MULTILINE)
    return paths + [word for word in words[1:] if word.split("=")[0] not in known]


@pytest.mark.parametrize("job", JOBS)
def test_what_a_job_names_is_there(job):
    assert commands_of(job)
    assert {" ".join(words): found for words in commands_of(job) if (found := lacking(words))} == {}


@pytest.mark.parametrize(
    "line", ["make tests", "make test WARM=1", "python tests/gone.py", ".ci/go"]
)
def test_what_is_not_there_is_found_out(line):
    assert lacking(line.split()) == line.split()[-1:]


def test_the_book_is_published_only_when_every_job_of_a_push_has_passed():
    of_a_push = {job for job, about in JOBS.items() if "!= 'push'" not in about["if"]}
    assert set(JOBS["publish"]["needs"]) == of_a_push - {"publish"}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the repository's files, without ignored ones."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in own_files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def run(line, folder):
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    result = subprocess.run(
        line, cwd=folder, env=clean, capture_output=True, encoding="utf-8", check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.parametrize("job", [job for job in JOBS if pythons_of(job, "pytest")])
def test_a_jobs_tests_are_found_with_what_it_installs(job, checkout, tmp_path):
    python = link_environment(tmp_path / "environment", installed_by(job))
    for arguments in pythons_of(job, "pytest"):
        found = run([python, "-m", "pytest", "--collect-only", "-q", *arguments], checkout)
        assert re.search(r"^[1-9]\d* tests? collected", found, re.MULTILINE)


def test_the_lock_can_be_made_with_what_the_job_installs(checkout, tmp_path):
    """The script is run with --help, so that it does not need the package index."""
    (arguments,) = pythons_of("newest", "python", "tools/lock.py")
    assert arguments == ["--upgrade"]
    python = link_environment(tmp_path / "environment", installed_by("newest"))
    assert "--upgrade" in run([python, "tools/lock.py", *arguments, "--help"], checkout)


def test_publishing_leaves_a_branch_with_the_book_alone(tmp_path):
    """The job's own script is run, with a repository on this machine instead of GitHub's."""
    (step,) = [step for step in JOBS["publish"]["steps"] if "run" in step]
    fetched = next(step["with"] for step in JOBS["publish"]["steps"] if "uses" in step)
    (kept,) = [s["with"] for s in JOBS["test"]["steps"] if "upload-artifact" in s.get("uses", "")]
    assert kept["name"] == fetched["name"] and fetched["path"] == step["working-directory"]

    remote, book = tmp_path / "remote", tmp_path / step["working-directory"]
    subprocess.run(["git", "init", "--quiet", "--bare", remote], check=True)
    (book / "_static").mkdir(parents=True)
    for name in ("index.html", "_static/book.css"):
        (book / name).write_text("", encoding="utf-8")
    script = re.sub(r"\$\{\{.*?\}\}", "0", step["run"])
    run(["env", f"REMOTE={remote}", "bash", "-e", "-c", script], book)
    line = ["git", "ls-tree", "-r", "--name-only", "gh-pages"]
    assert run(line, remote).split() == [".nojekyll", "_static/book.css", "index.html"]
