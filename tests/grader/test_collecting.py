"""The teacher's guide's commands that sort downloads of Moodle and Canvas and pack feedback."""

import io
import os
import re
import shlex
import shutil
import subprocess
import time
import zipfile

import pytest

from tests.exercises.running import ROOT

pytestmark = pytest.mark.slow

PAGE = ROOT / "book" / "teachers-guide" / "moodle-and-canvas.md"
NAMES = ["01-attention-as-lookup.ipynb", "02-masks.ipynb"]


def commands():
    """The two commands that collect, in the order of the page."""
    lines = PAGE.read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    return [line for line in lines if "zip_collect transformer" in line]


def inner_zip():
    """A zip file of the notebooks, which a student hands in instead of them."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in NAMES:
            archive.writestr(f"transformer/{name}", "4713")
    return content.getvalue()


def archive_in(root):
    """Make the folder for downloads in the course at root, and return it."""
    folder = root / "downloaded" / "transformer" / "archive"
    folder.mkdir(parents=True)
    return folder


def run(line, root):
    """Run a command line of the page in a course at root."""
    shutil.copy(ROOT / "nbgrader_config.py", root)
    program, *options = shlex.split(line, comments=True)
    line = [str(ROOT / program), *options]
    return subprocess.run(
        line, cwd=root, capture_output=True, text=True, encoding="utf-8", check=False
    )


def collect(root, which):
    """Run one of the page's two commands that collect; return its messages."""
    result = run(commands()[which], root)
    assert result.returncode == 0, result.stderr
    return result.stderr


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
    folder = archive_in(tmp_path)
    with zipfile.ZipFile(folder / "download.zip", "w") as archive:
        make(archive)
    collect(tmp_path, which)
    found = {path.relative_to(tmp_path / "submitted") for path in tmp_path.glob("submitted/*/*/*")}
    assert {str(path) for path in found if path.suffix == ".ipynb"} == {
        f"{student}/transformer/{name}" for student in ("4711", "4712", "4713") for name in NAMES
    }
    for path in tmp_path.glob("submitted/*/*/*.ipynb"):
        assert path.read_text(encoding="utf-8") == path.parts[-3], "everybody has their own"


def zipped(**files):
    """A zip file as bytes; `__` in a name stands for a slash."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/"), text)
    return content.getvalue()


def with_link():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        link = zipfile.ZipInfo("02-masks.ipynb")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return content.getvalue()


def nested(times):
    content = zipped(**{"02-masks.ipynb": "deep"})
    for _ in range(times):
        content = zipped(**{"inner.zip": content})
    return content


def climbing():
    return zipped(**{"..__..__..__..__escaped.ipynb": "out", "02-masks.ipynb": "in"})


AIKO = "Aiko Sato_4711_assignsubmission_file"


def broken_member():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("01-attention-as-lookup.ipynb", b"x" * 1000)
        start = archive.fp.tell() - 12
        archive.writestr("02-masks.ipynb", b"right")
    broken = bytearray(content.getvalue())
    broken[start - 8 : start + 8] = b"\xff" * 16
    return bytes(broken)


# What a student hands in, the content of the collected 02-masks.ipynb, and part of the messages.
ZIPS = {
    "a bomb": (lambda: zipped(**{"02-masks.ipynb": b"0" * (21 * 2**20)}), None, "over 20 MiB"),
    "many bombs": (
        lambda: zipped(**{f"{i}.ipynb": b"0" * (19 * 2**20) for i in range(9)}),
        None,
        "over 100 MiB",
    ),
    "many files": (
        lambda: zipped(**{f"{i}.txt": "" for i in range(1500)}),
        None,
        "over 1000 files",
    ),
    "zips within zips": (lambda: nested(4), None, "within 2 others"),
    "no zip at all": (lambda: b"PK nonsense", None, "cannot be unpacked"),
    "cut off": (lambda: inner_zip()[:-30], None, "cannot be unpacked"),
    "a link": (with_link, "/etc/passwd", ""),
    "names that lead out": (climbing, "in", ""),
    "a zip file called two dots": (
        lambda: zipped(**{"...zip": zipped(**{f"{AIKO}__02-masks.ipynb": "mine"})}),
        "mine",
        "",
    ),
    "somebody else's folder": (
        lambda: zipped(**{f"{AIKO}__02-masks.ipynb": "mine"}),
        "mine",
        "",
    ),
    "the same name twice": (
        lambda: zipped(**{"a__02-masks.ipynb": "first", "b__02-masks.ipynb": "second"}),
        "first",
        "has handed in '02-masks' as",
    ),
    "a copy": (lambda: zipped(**{"02-masks (1).ipynb": "copy"}), "copy", ""),
    "a broken member": (broken_member, "right", "cannot be read"),
}


@pytest.mark.parametrize("name", ZIPS)
def test_a_students_zip_file_harms_nobody(name, tmp_path):
    make, expected, said = ZIPS[name]
    folder = archive_in(tmp_path)
    with zipfile.ZipFile(folder / "download.zip", "w") as archive:
        archive.writestr("Mal_4700_assignsubmission_file_/work.zip", make())
        moodle(archive)
    errors = collect(tmp_path, 0)
    assert said in errors
    for student in ("4711", "4712", "4713"):
        for notebook in NAMES:
            path = tmp_path / "submitted" / student / "transformer" / notebook
            assert path.read_text(encoding="utf-8") == student, "the others have theirs"
    path = tmp_path / "submitted" / "4700" / "transformer" / "02-masks.ipynb"
    assert not path.is_symlink()
    assert (path.read_text(encoding="utf-8") if path.exists() else None) == expected
    for path in tmp_path.parent.rglob("escaped.ipynb"):
        assert {"work", "4700"} & set(path.parts), "it is among what is Mal's"
    size = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert size < 250 * 2**20


def test_the_newest_of_several_downloads_counts(tmp_path):
    folder = archive_in(tmp_path)
    for name, age, extra in (("a-old.zip", 100, NAMES[0]), ("b-new.zip", 10, NAMES[1])):
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr(f"{AIKO}/{NAMES[1]}", name)
            archive.writestr(f"{AIKO}/inner.zip", zipped(**{extra: name}))
        os.utime(folder / name, (time.time() - age,) * 2)
    errors = collect(tmp_path, 0)
    submitted = tmp_path / "submitted" / "4711" / "transformer"
    assert (submitted / NAMES[1]).read_text(encoding="utf-8") == "b-new.zip"
    assert (submitted / NAMES[0]).read_text(encoding="utf-8") == "a-old.zip", "it is still theirs"
    assert errors.count("which is newer") == 2, "one of each download"


def test_a_download_may_be_unpacked_already(tmp_path):
    folder = archive_in(tmp_path) / "download" / AIKO
    folder.mkdir(parents=True)
    (folder / "bomb.zip").write_bytes(ZIPS["many bombs"][0]())
    (folder / NAMES[0]).write_text("4711", encoding="utf-8")
    assert "over 100 MiB" in collect(tmp_path, 0), "what students have packed is limited here too"
    path = tmp_path / "submitted" / "4711" / "transformer" / NAMES[0]
    assert path.read_text(encoding="utf-8") == "4711"


@pytest.mark.parametrize(
    ("platform", "make", "which", "names"),
    [
        (
            "moodle",
            moodle,
            0,
            {
                "Aiko Sato_4711_assignsubmission_file_/02-masks.html": "of 4711",
                "Ben Ö. B_4712_assignsubmission_file/02-masks.html": "of 4712",
            },
        ),
        (
            "canvas",
            canvas,
            1,
            {
                "satoaiko_4711_9001_02-masks.html": "of 4711",
                "bben_LATE_4712_9001_02-masks.html": "of 4712",
                "itochie_4713_9030_01-attention-as-lookup.html": "of 4713",
                "itochie_4713_9030_02-masks.html": "of 4713",
            },
        ),
    ],
)
def test_feedback_goes_back_under_the_names_of_the_platform(platform, make, which, names, tmp_path):
    folder = archive_in(tmp_path)
    with zipfile.ZipFile(folder / "download.zip", "w") as archive:
        make(archive)
    collect(tmp_path, which)
    pages = {"4711": NAMES[1:], "4712": NAMES[1:], "4713": NAMES if platform == "canvas" else []}
    for student, notebooks in pages.items():
        for name in notebooks:
            page = tmp_path / "feedback" / student / "transformer" / name
            page = page.with_suffix(".html")
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(f"of {student}", encoding="utf-8")
    result = give_back(tmp_path, platform)
    assert result.returncode == 0, result.stderr
    with zipfile.ZipFile(tmp_path / "feedback-transformer.zip") as archive:
        found = {name: archive.read(name).decode() for name in archive.namelist()}
    assert found == names
    assert result.stdout.count("has no feedback") == 6 - len(names)
    wrong = give_back(tmp_path, {"moodle": "canvas", "canvas": "moodle"}[platform])
    assert wrong.returncode == 2
    assert "check that the download is from" in wrong.stderr


def give_back(root, platform):
    """Run the page's command that packs feedback for the platform."""
    (line,) = [
        line
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if "grader.submissions.returning" in line
    ]
    return run(line.replace("moodle", platform), root)


@pytest.mark.parametrize(
    ("options", "got"),
    [
        ("", "got neither"),
        ("--Collector.platform=moodle --FileNameCollectorPlugin.named_regexp=x", "got both"),
    ],
)
def test_a_download_needs_a_platform_or_an_expression(options, got, tmp_path):
    (archive_in(tmp_path) / "homework.ipynb").write_text("{}", encoding="utf-8")
    line, _, _ = commands()[0].partition(" --Collector")
    result = run(f"{line} {options}", tmp_path)
    assert result.returncode != 0
    assert "--Collector.platform=moodle" in result.stderr and got in result.stderr
