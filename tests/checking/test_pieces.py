"""The closing notebook gets the student's own pieces where they are right, else the course's."""

import json
import os
import subprocess
import sys
from inspect import unwrap
from pathlib import Path

import nbformat
import pytest
import torch

import checking
import lib.attention
from checking import CheckFailed
from checking.pieces import load_pieces, pieces_of
from grader.bank import read_bank
from tests.selection import PARTS, ROOT

if "transformer" not in PARTS:
    pytest.skip("the pieces of another part are not tested here", allow_module_level=True)

PART = "transformer"
PIECES = pieces_of(PART)
SOLUTIONS = ROOT / "solutions" / PART
NOTEBOOKS = sorted({piece.notebook for piece in PIECES.values()})


def owners(text: str) -> dict[str, str]:
    """The row of each piece in the printed table, by the piece's name."""
    rows = [line.split(maxsplit=1) for line in text.splitlines() if line.startswith("  ")]
    return dict(rows)


def write(folder: Path, answers: dict[str, str] | None = None, *, empty: bool = False) -> None:
    """Write the notebooks into a folder.

    Args:
        folder: the folder.
        answers: answers, by task, that replace the reference answers.
        empty: whether all other answers are not written yet; otherwise they are the reference's.
    """
    for name in NOTEBOOKS:
        notebook = nbformat.read(SOLUTIONS / f"{name}.ipynb", 4)
        for cell in notebook.cells:
            about = cell.metadata.get("nbgrader", {})
            if about.get("solution"):
                task = about["grade_id"]
                default = f"def {task}(*args, **kwargs):\n    raise NotImplementedError"
                cell.source = (answers or {}).get(task, default if empty else cell.source)
        nbformat.write(notebook, folder / f"{name}.ipynb")


@pytest.fixture
def load(tmp_path, capsys, monkeypatch):
    """A function that writes notebooks and loads the pieces; returns them, and the table's rows."""

    def load(answers=None, *, empty=False, only=""):
        write(tmp_path, answers, empty=empty)
        if only:
            monkeypatch.setattr(checking.pieces, "pieces_of", lambda _: {only: PIECES[only]})
        pieces = load_pieces(PART, tmp_path)
        monkeypatch.undo()
        return pieces, owners(capsys.readouterr().out)

    return load


def known_answers(task, *, correct):
    bank = read_bank(SOLUTIONS / f"{PIECES[task].notebook}.ipynb")
    return [a.source for a in bank if a.task == task and a.is_correct == correct]


def test_a_part_without_pieces_is_refused_with_those_that_have_some():
    with pytest.raises(ValueError, match=r"of \[.*'transformer'.*\], got 'transformers'"):
        load_pieces("transformers")


def test_right_answers_are_yours(load):
    pieces, table = load()
    assert table == dict.fromkeys(PIECES, "yours")
    assert set(vars(pieces)) == set(PIECES)
    assert all(
        unwrap(getattr(pieces, name)) is not piece.reference for name, piece in PIECES.items()
    )


def test_unwritten_answers_are_the_courses(load):
    pieces, table = load(empty=True)
    assert all(row.startswith("the course's") for row in table.values())
    assert all("not written yet" in row for row in table.values())
    assert all(unwrap(getattr(pieces, name)) is piece.reference for name, piece in PIECES.items())


@pytest.mark.parametrize("name", PIECES)
def test_a_piece_of_the_course_is_right(name):
    """Each of the course's pieces passes the comparison in which it serves as the reference."""
    PIECES[name].check(PIECES[name].reference, PIECES[name].reference)


VARIANTS = {task: known_answers(task, correct=True) for task in PIECES}


@pytest.mark.parametrize("turn", range(max(map(len, VARIANTS.values()))))
def test_correct_variants_are_yours(load, turn):
    answers = {task: known[turn % len(known)] for task, known in VARIANTS.items()}
    _, table = load(answers)
    assert table == dict.fromkeys(PIECES, "yours")


# Some mistakes do no harm in the translator, such as one that shows only if a sentence begins with
# padding. The comparison need not notice them, but of each piece it must notice some mistakes.
NOTICED_AT_LEAST = 5


@pytest.mark.parametrize("task", PIECES)
def test_mistakes_make_a_piece_the_courses_and_the_table_says_so(load, task):
    noticed = []
    for source in known_answers(task, correct=False):
        pieces, table = load({task: source}, only=task)
        if table[task] != "yours":
            noticed.append(source)
            assert table[task].startswith(f"the course's  ({PIECES[task].notebook}: ")
            assert unwrap(getattr(pieces, task)) is PIECES[task].reference
    assert len(noticed) >= NOTICED_AT_LEAST
    _, table = load({task: noticed[0]})
    assert table.pop(task).startswith("the course's  (")
    assert set(table.values()) == {"yours"}, "the others stay"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def padding_mask(token_ids, pad_id):\n    return token_ids != pad_id", "other values"),
        ("def padding_mask(token_ids, pad_id):\n    return None", "other values"),
        ("def padding_mask(token_ids, pad_id):\n    1 / 0", "raised ZeroDivisionError: division"),
        ("def padding_mask(token_ids, pad_id):\n    exit()", "raised SystemExit"),
        ("raise SystemExit", "raised SystemExit"),
        ("def padding_mask(", "raised SyntaxError"),
        ("padding_mask = None", "raised "),
        ("something_else = 1", "not written yet"),
        ("class E(Exception):\n    __str__ = None\nraise E", "raised"),
        ("raise BaseException('" + "long " * 100 + "')", "raised BaseException: long"),
        ("import sys; print('noise'); print('noise', file=sys.stderr)", "not written yet"),
    ],
)
def test_nothing_in_a_students_cell_stops_the_loading(load, capsys, source, reason):
    _, table = load({"padding_mask": source})
    row = table.pop("padding_mask")
    assert row.startswith("the course's  (02-masks: ") and reason in row and len(row) < 120
    assert set(table.values()) == {"yours"}
    assert "noise" not in "".join(capsys.readouterr())


def test_what_a_cell_sets_for_all_of_torch_is_put_back(load):
    state = torch.random.get_rng_state()
    source = (
        "torch.set_default_dtype(torch.float64)\ntorch.set_grad_enabled(False)\n"
        "torch.manual_seed(3)"
    )
    load({"window_mask": source})
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()
    assert torch.equal(torch.random.get_rng_state(), state)


def test_missing_and_corrupt_notebooks(tmp_path, capsys):
    write(tmp_path)
    (tmp_path / "02-masks.ipynb").unlink()
    (tmp_path / "04-multi-head.ipynb").write_text('{"cells": [', encoding="utf-8")
    (tmp_path / "05-positions.ipynb").write_bytes(b"\xff\xfe\x00")
    cells = [{"cell_type": "code", "metadata": {"nbgrader": 5}, "source": 7}]
    broken = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path = tmp_path / "06-feed-forward-and-residual.ipynb"
    path.write_text(json.dumps(broken), encoding="utf-8")
    load_pieces(PART, tmp_path)
    table = owners(capsys.readouterr().out)
    assert table["padding_mask"] == "the course's  (02-masks: notebook missing)"
    for name in ["MultiHeadAttention", "add_positions", "residual_stack"]:
        assert table[name].endswith(f"({PIECES[name].notebook}: notebook cannot be read)")
    assert table["shift_right"] == "yours"


def test_an_empty_folder_gives_the_courses_pieces(tmp_path, capsys):
    load_pieces(PART, tmp_path)
    table = owners(capsys.readouterr().out)
    assert table and all(row.endswith("notebook missing)") for row in table.values())


def test_where_a_notebook_is_missing_it_says_where_it_looked_and_what_to_do(tmp_path, capsys):
    (tmp_path / "02-masks (1).ipynb").write_text("{}", encoding="utf-8")
    load_pieces(PART, tmp_path)
    advice = capsys.readouterr().out.partition("\n\n")[2]
    assert "Not found: 02-masks.ipynb, 04-multi-head.ipynb" in advice
    assert f"Looked in {tmp_path}. Notebooks there: 02-masks (1).ipynb." in advice
    assert 'load_pieces("transformer", "FOLDER")' in advice
    write(tmp_path)
    load_pieces(PART, tmp_path)
    assert "Looked in" not in capsys.readouterr().out


def test_in_the_courses_own_folder_notebooks_beside_it_are_found(tmp_path, capsys, monkeypatch):
    """On Colab, uploads lie beside the unpacked archive, which is the working folder."""
    write(tmp_path)
    course = tmp_path / "transformer-course"
    course.mkdir()
    monkeypatch.chdir(course)
    load_pieces(PART)
    assert set(owners(capsys.readouterr().out).values()) != {"yours"}, (
        "any folder may have a parent"
    )
    (course / "checking" / "pieces").mkdir(parents=True)
    load_pieces(PART)
    assert set(owners(capsys.readouterr().out).values()) == {"yours"}


def test_the_bans_of_the_notebooks_do_not_reach_lib(load):
    forbid = checking.forbid
    load()
    assert checking.forbid is forbid
    lib.attention.MultiHeadAttention(12, 3)
    torch.nn.LayerNorm(3)
    torch.nn.functional.cross_entropy(torch.zeros(1, 2), torch.tensor([0]))


def test_the_courses_greedy_decode_works_under_the_ban_of_the_closing_notebook():
    """The test runs in a process of its own, since the ban would hold for the tests after it."""
    program = (
        "import torch\nfrom checking.pieces import load_pieces\n"
        "from checking import forbid\n"
        "greedy_decode = load_pieces('transformer', 'nowhere').greedy_decode\n"
        "forbid('lib.decoding.greedy_decode')\n"
        "scores = lambda ids: torch.nn.functional.one_hot(ids[:, -1] + 1, 9).float()\n"
        "print(greedy_decode(scores, torch.tensor([[1], [3]]), 5, 0, 9).tolist())\n"
        "later = load_pieces('transformer', 'nowhere').greedy_decode\n"
        "try:\n    later(scores, torch.tensor([[1], [3]]), 5, 0, 9)\n"
        "except Exception as error:\n    print(type(error).__name__)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert result.stdout.splitlines()[-1] == "Forbidden", "it was loaded after the ban"
    assert "[[2, 3, 4, 5], [4, 5, 0, 0]]" in result.stdout.splitlines()


def test_a_comparison_notices_a_missing_gradient():
    def without_gradient(logits, targets, smoothing, ignore_index=-100):
        reference = PIECES["smoothed_cross_entropy"].reference
        return reference(logits.detach(), targets, smoothing, ignore_index)

    piece = PIECES["smoothed_cross_entropy"]
    with pytest.raises(CheckFailed, match="No gradient reaches logits"):
        piece.check(piece.reference, without_gradient)
