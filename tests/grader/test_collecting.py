"""The commands of the teacher's guide sort what Moodle and Canvas hand out."""

import io
import re
import shlex
import subprocess
import zipfile

import pytest

from tests.exercises.running import ROOT

PAGE = ROOT / "book" / "teachers-guide" / "moodle-and-canvas.md"
NAMES = ["01-attention-as-lookup.ipynb", "02-masks.ipynb"]


def commands():
    """The two commands that collect, in the order of the page."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if "zip_collect transformer" in line]


def inner_zip():
    """What a student hands in who packs the notebooks first."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in NAMES:
            archive.writestr(f"transformer/{name}", "4713")
    return content.getvalue()


def moodle(archive):
    for folder in ("Aiko Sato_4711_assignsubmission_file_", "Ben Ö. B_4712_assignsubmission_file"):
        for name in NAMES:
            archive.writestr(f"{folder}/{name}", re.search(r"\d+", folder).group())
    archive.writestr("Chie Ito_4713_assignsubmission_file_/transformer.zip", inner_zip())


def canvas(archive):
    for who, last in (("satoaiko_4711", ""), ("bben_LATE_4712", "-2")):
        for number, name in enumerate(NAMES):
            stem = name.removesuffix(".ipynb")
            content = re.search(r"\d+", who).group()
            archive.writestr(f"{who}_{9000 + number}_{stem}{last}.ipynb", content)
    archive.writestr("itochie_4713_9030_transformer.zip", inner_zip())


@pytest.mark.parametrize(("make", "which"), [(moodle, 0), (canvas, 1)])
def test_a_download_is_sorted_by_student(make, which, tmp_path):
    folder = tmp_path / "downloaded" / "transformer" / "archive"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "download.zip", "w") as archive:
        make(archive)
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n", encoding="utf-8")
    program, *options = shlex.split(commands()[which])
    line = [str(ROOT / program), *options]
    result = subprocess.run(
        line, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert result.returncode == 0, result.stderr
    found = {path.relative_to(tmp_path / "submitted") for path in tmp_path.glob("submitted/*/*/*")}
    assert {str(path) for path in found if path.suffix == ".ipynb"} == {
        f"{student}/transformer/{name}" for student in ("4711", "4712", "4713") for name in NAMES
    }
    for path in tmp_path.glob("submitted/*/*/*.ipynb"):
        assert path.read_text(encoding="utf-8") == path.parts[-3], "everybody has their own"
