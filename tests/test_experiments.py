"""Experiments: their results belong to the present code, repeat, and can be read by pages."""

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import experiments
from experiments import read_checkpoint, read_origin, read_result
from experiments.experiment import Experiment, Trained, code_hash
from tools.dependencies import bare, code_of, imported_names, parse

ROOT = Path(__file__).parents[1]
NAMES = sorted(script.parent.name for script in ROOT.glob("experiments/*/run.py"))
MEGABYTE = 2**20


def experiment_of(name: str) -> Experiment:
    return importlib.import_module(f"experiments.{name}.run").EXPERIMENT


def contents(folder: Path) -> dict[str, bytes]:
    """The contents of a folder's files, by path, without Python's compiled files."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    }


# The experiments that are there


@pytest.mark.parametrize("name", NAMES)
def test_a_result_is_that_of_the_code(name):
    folder = ROOT / "experiments" / name
    made_by = json.loads((folder / "result.json").read_text(encoding="utf-8"))["code"]
    assert made_by == code_hash(folder / "run.py"), (
        f"experiments/{name} is stale: its code, or code of lib that it imports, has changed since "
        f"its result was computed. Run `make experiment NAME={name}`, and read the pages that show "
        "it again."
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_short_version_repeats_and_writes_only_where_it_may(name, tmp_path):
    before = contents(ROOT / "experiments")
    results = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        experiment_of(name).run(to=folder, short=True)
        written = contents(folder)
        result = json.loads(written.pop(f"experiments/{name}/result.json"))
        written.pop(f"experiments/{name}/card.md")
        results.append((result["code"], result["arms"], written))
    assert results[0] == results[1]
    assert set(results[0][2]) <= {f"experiments/{name}/checkpoint.safetensors"}
    assert contents(ROOT / "experiments") == before
    assert list(results[0][1]) == list(read_result(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_card_says_all_and_the_folder_is_small(name):
    experiment, files = experiment_of(name), contents(ROOT / "experiments" / name)
    card = files["card.md"].decode()
    about = [experiment.question, experiment.data, experiment.steps, experiment.seeds]
    made = json.loads(files["result.json"])["made"]
    for fact in (*about, f"{made['seconds']:.0f} s", made["processor"], made["torch"]):
        assert fact in card
    assert f"make experiment NAME={name}" in card
    assert sum(map(len, files.values())) <= 8 * MEGABYTE


def test_a_page_shows_the_code_that_its_experiment_runs():
    """If a page and the script of its experiment define the same name, the code is the same."""
    compared = set()
    for page in sorted((ROOT / "book").rglob("*.md")):
        tree = parse(code_of(page))
        if not any(name.startswith("experiments.") for name in imported_names(tree, "")):
            continue
        strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        shown = definitions(tree)
        for name in set(NAMES) & strings:
            run = definitions(parse(code_of(ROOT / "experiments" / name / "run.py")))
            for shared in run.keys() & shown.keys():
                assert bare(run[shared]) == bare(shown[shared]), (
                    f"{shared} in experiments/{name}/run.py is not that of {page.name}"
                )
                compared.add(shared)
    assert {"Sorter", "final_loss", "Remember", "recall"} <= compared


def definitions(tree: ast.Module) -> dict[str, ast.AST]:
    """The functions and classes of a module, by name."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name: node for node in tree.body if isinstance(node, kinds)}


# What pages read


def test_reading_a_result_does_not_load_torch():
    code = f"import experiments, sys; experiments.read_result({NAMES[0]!r}); print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert "experiments" in result.stdout.split()
    assert not {"torch", "safetensors", "tools"} & set(result.stdout.split())


@pytest.mark.parametrize("read", [read_result, read_origin, lambda name: read_checkpoint(name, "")])
def test_an_unknown_experiment_is_answered_with_those_there_are(read):
    with pytest.raises(FileNotFoundError, match=rf"'{NAMES[0]}'.*got 'no_such'.*NAME=no_such"):
        read("no_such")


# Running one, on a small project of its own

SCRIPT = '''\
"""The script."""
from lib.used import number
def arm():
    """Compute."""
    return number()
'''
PROJECT = {
    "lib/__init__.py": "",
    "lib/used.py": "def number():\n    return 1\n",
    "lib/unused.py": "",
    "lib/table.csv": "1",
    "experiments/__init__.py": "",
    "experiments/experiment.py": "",
    "experiments/tiny/run.py": SCRIPT,
}


@pytest.fixture
def script(tmp_path) -> Path:
    for name, text in PROJECT.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "experiments" / "tiny" / "run.py"


def tiny(script: Path, arms) -> Experiment:
    return Experiment(
        script=str(script),
        question="Why?",
        data="none",
        steps="one",
        seeds="0",
        arms=lambda short: arms,
    )


@pytest.mark.parametrize(
    ("file", "text", "counts"),
    [
        ("experiments/tiny/run.py", SCRIPT + "# A comment.\n", False),
        ("experiments/tiny/run.py", SCRIPT.replace("Compute.", "Compute it."), False),
        ("experiments/tiny/run.py", SCRIPT.replace('"""The script."""\n', "\n"), False),
        ("experiments/tiny/run.py", SCRIPT.replace("number()", "number(\n    )"), False),
        ("experiments/tiny/run.py", SCRIPT.replace("number()", "number() + 1"), True),
        ("experiments/tiny/run.py", SCRIPT + "TABLE = 'table.csv'\n", True),
        ("experiments/tiny/result.json", "{}", False),
        ("experiments/experiment.py", "x = 1", False),
        ("lib/used.py", "def number():\n    'One.'\n    return 1\n", False),
        ("lib/used.py", "def number():\n    return 2\n", True),
        ("lib/used.py", "from lib import unused\ndef number():\n    return 1\n", True),
        ("lib/unused.py", "x = 1", False),
        ("lib/table.csv", "2", False),
    ],
)
def test_the_hash_is_that_of_the_code_that_runs(script, file, text, counts):
    before = code_hash(script)
    (script.parents[2] / file).write_text(text, encoding="utf-8")
    assert (code_hash(script) != before) == counts


def test_the_hash_sees_code_and_data_that_are_used_indirectly(script):
    root = script.parents[2]
    used = "from lib.unused import x\nTABLE = 'table.csv'\ndef number():\n    return 1\n"
    (root / "lib" / "used.py").write_text(used, encoding="utf-8")
    hashes = [code_hash(script)]
    for name, text in (("unused.py", "x = 1"), ("table.csv", "2")):
        (root / "lib" / name).write_text(text, encoding="utf-8")
        hashes.append(code_hash(script))
    assert len(set(hashes)) == 3


def test_a_run_that_was_stopped_goes_on_where_it_was(script, tmp_path):
    computed, stops = [], [KeyboardInterrupt]

    def first():
        computed.append("first")
        return Trained([0.5, 0.25], {"weight": torch.ones(2, 3)})

    def second():
        computed.append("second")
        if stops:
            raise stops.pop()
        return {"loss": 1.5}

    experiment = tiny(script, {"first": first, "second": second})
    with pytest.raises(KeyboardInterrupt):
        experiment.run(to=tmp_path)
    assert not (script.parent / "result.json").exists()
    experiment.run(to=tmp_path)
    assert computed == ["first", "second", "second"]
    result = json.loads((script.parent / "result.json").read_text(encoding="utf-8"))
    assert result["arms"] == {"first": [0.5, 0.25], "second": {"loss": 1.5}}
    kept = load_file(script.parent / "checkpoint.safetensors")
    assert list(kept) == ["first/weight"]
    assert torch.equal(kept["first/weight"], torch.ones(2, 3))
    # After a finished run, the next one computes everything again.
    experiment.run(to=tmp_path)
    assert computed[3:] == ["first", "second"]


def test_what_other_code_has_computed_is_not_gone_on_with(script, tmp_path):
    computed, stops = [], [KeyboardInterrupt]

    def second():
        if stops:
            raise stops.pop()

    experiment = tiny(script, {"first": lambda: computed.append(1), "second": second})
    with pytest.raises(KeyboardInterrupt):
        experiment.run(to=tmp_path)
    script.write_text(SCRIPT.replace("number()", "number() + 1"), encoding="utf-8")
    experiment.run(to=tmp_path)
    assert computed == [1, 1]


def test_arms_run_on_one_thread_and_later_code_on_as_many_as_before(script, tmp_path):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        tiny(script, {"threads": lambda: torch.get_num_threads()}).run(to=tmp_path)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    result = json.loads((script.parent / "result.json").read_text(encoding="utf-8"))
    assert result["arms"] == {"threads": 1}


@pytest.mark.parametrize("outcome", [float("nan"), [1.0, float("inf")], {"loss": torch.ones(1)}])
def test_what_a_result_cannot_hold_is_refused(script, tmp_path, outcome):
    with pytest.raises(ValueError, match=r"expected finite numbers.*arm 'diverged', got"):
        tiny(script, {"diverged": lambda: outcome}).run(to=tmp_path)


def test_a_page_reads_numbers_tensors_and_where_they_come_from(script, tmp_path, monkeypatch):
    arms = {
        "a": lambda: Trained(1, {"w": torch.zeros(2)}),
        "a b": lambda: Trained(2, {"w": torch.ones(2)}),
        "c": lambda: 3,
    }
    tiny(script, arms).run(to=tmp_path)
    monkeypatch.setattr(experiments, "FOLDER", tmp_path / "experiments")
    assert read_result("tiny") == {"a": 1, "a b": 2, "c": 3}
    assert torch.equal(read_checkpoint("tiny", "a b")["w"], torch.ones(2))
    assert read_checkpoint("tiny", "a").keys() == {"w"}
    with pytest.raises(LookupError, match=r"\['a', 'a b'\], got 'c'"):
        read_checkpoint("tiny", "c")
    sentence = read_origin("tiny")
    assert sentence.startswith("From experiments/tiny: 0 s on one core of ")
    assert torch.__version__ in sentence


def test_a_short_run_needs_a_folder_of_its_own(script, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["run.py", "--short"])
    with pytest.raises(SystemExit):
        tiny(script, {"one": lambda: 1}).main()
    assert "expected --to FOLDER with --short" in capsys.readouterr().err
    assert not (script.parent / "result.json").exists()


def test_the_command_line_runs_it(script, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["run.py", "--short", "--to", str(tmp_path / "there")])
    tiny(script, {"one": lambda: 1}).main()
    assert contents(tmp_path / "there").keys() == {
        "experiments/tiny/result.json",
        "experiments/tiny/card.md",
    }
