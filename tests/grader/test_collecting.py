"""Collecting what students have handed in on Moodle or Canvas."""

import contextlib
import io
import json
import logging
import os
import re
import shutil
import struct
import time
import zipfile

import pytest
from nbgrader.apps.zipcollectapp import ZipCollectApp

from grader.submissions.collecting import MAX_LINES, MAX_UNKNOWN
from grader.submissions.recognising import Notebooks
from grader.submissions.unpacking import MAX_LINES as MAX_LINES_OF_A_ZIP
from tests.exercises.running import ROOT

NAMES = ["01-attention-as-lookup.ipynb", "02-masks.ipynb"]
AIKO = "Aiko Sato_4711_assignsubmission_file_"
SOURCE = ROOT / "solutions" / "transformer"


@pytest.fixture
def root(tmp_path):
    """A course without submissions."""
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    (tmp_path / "solutions" / "transformer").mkdir(parents=True)
    for name in NAMES:
        shutil.copy(SOURCE / name, tmp_path / "solutions" / "transformer")
    (tmp_path / "downloaded" / "transformer" / "archive").mkdir(parents=True)
    return tmp_path


def zipped(files):
    """A zip file as bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def download(root, files, name="download.zip", age=0):
    """Put a download into the course; `age` in seconds."""
    path = root / "downloaded" / "transformer" / "archive" / name
    path.write_bytes(zipped(files))
    os.utime(path, (time.time() - age,) * 2)


class Kept(logging.Handler):
    """Keeps the lines of a log."""

    def __init__(self):
        super().__init__(logging.INFO)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def collect(root, *options):
    """Collect with nbgrader's command; return its lines, without nbgrader's own."""
    app = ZipCollectApp()
    kept = Kept()
    with contextlib.chdir(root), contextlib.redirect_stderr(io.StringIO()):
        app.initialize(["transformer", "--force", *(options or ["--Collector.platform=moodle"])])
        app.log.addHandler(kept)
        try:
            app.start()
        except SystemExit as end:
            kept.lines.append(f"exit code {end.code}")
        finally:
            app.log.removeHandler(kept)
            app.log.handlers.clear()
    for line in kept.lines:
        assert line.isprintable(), "it goes to a terminal"
        line.encode("utf-8")
    return [line for line in kept.lines if not line.startswith(NBGRADERS)]


NBGRADERS = (
    "Using file", "Start ", "Parsing file", "Copying from", "  Copying to", "Clearing existing",
    "Directory not found. Creating", "Invalid submission notebook name", "No release notebooks",
    "Creating timestamp", "Found collected timestamp", "No files found in",
)  # fmt: skip


def submitted(root):
    """What lies in submitted/: the text of each file, by student and name."""
    return {
        (path.parts[-3], path.name): path.read_text(encoding="utf-8")
        for path in root.glob("submitted/*/transformer/*")
    }


def inner_zip():
    """A zip file of the notebooks, which a student hands in instead of them."""
    return zipped({f"transformer/{name}": "4713" for name in NAMES})


def moodle():
    files = {}
    for folder in (AIKO, "Ben Ö. B_4712_assignsubmission_file"):
        for name in NAMES:
            files[f"{folder}/{name}"] = re.search(r"\d+", folder).group()
    return files | {"Chie Ito_4713_assignsubmission_file_/transformer.zip": inner_zip()}


def canvas():
    files = {}
    for who, last in (("satoaiko_4711", ""), ("bben_LATE_4712", "-2")):
        for number, name in enumerate(NAMES):
            stem = name.removesuffix(".ipynb")
            files[f"{who}_{9000 + number}_{stem}{last}.ipynb"] = re.search(r"\d+", who).group()
    return files | {"itochie_4713_9030_transformer.zip": inner_zip()}


EVERYBODYS_OWN = {(student, n): student for student in ("4711", "4712", "4713") for n in NAMES}


@pytest.mark.parametrize(("make", "platform"), [(moodle, "moodle"), (canvas, "canvas")])
def test_a_download_is_sorted_by_student(make, platform, root):
    download(root, make())
    lines = collect(root, f"--Collector.platform={platform}")
    assert submitted(root) == EVERYBODYS_OWN
    late = ["Late, as canvas says: 4712 (1)."] if platform == "canvas" else []
    assert lines == [*late, "6 files collected"]


def with_link():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        link = zipfile.ZipInfo("02-masks.ipynb")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return content.getvalue()


def nested(times):
    content = zipped({"02-masks.ipynb": "deep"})
    for _ in range(times):
        content = zipped({"inner.zip": content})
    return content


def broken_member():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("01-attention-as-lookup.ipynb", b"x" * 1000)
        start = archive.fp.tell() - 12
        archive.writestr("02-masks.ipynb", b"right")
    broken = bytearray(content.getvalue())
    broken[start - 8 : start + 8] = b"\xff" * 16
    return bytes(broken)


def not_utf8():
    """A zip file that says a name is UTF-8, and it is not."""
    return zipped({"é/02-masks.ipynb": "?"}).replace("é".encode(), b"\xe9\xff")


def long_list(zip64=False):
    """A zip file whose list of files is long: one entry of it, thousands of times."""
    content = zipped({"02-masks.ipynb": "right"})
    start, end = content.index(b"PK\1\2"), content.index(b"PK\5\6")
    entry = content[start:end]
    size = len(entry) * 50_000
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(entry) if zip64 else size, start, 0)
    if zip64:
        record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 50_000, 50_000, size, start)
        pointer = struct.pack("<4sLQL", b"PK\6\7", 0, start + size, 1)
        tail = record + pointer + tail
    return content[:start] + entry * 50_000 + tail


# What a student hands in, the content of the collected 02-masks.ipynb, and part of the messages.
ZIPS = {
    "a bomb": (lambda: zipped({"02-masks.ipynb": b"0" * (21 * 2**20)}), None, "over 20 MiB"),
    "many bombs": (
        lambda: zipped({f"{i}.ipynb": b"0" * (19 * 2**20) for i in range(9)}),
        None,
        "over 100 MiB",
    ),
    "many files": (lambda: zipped({f"{i}.ipynb": "" for i in range(9999)}), None, "over 1000"),
    "a long list of files": (long_list, None, "its list of files is over 2 MiB"),
    "a long list of files, elsewhere": (lambda: long_list(zip64=True), None, "over 4 GiB"),
    "zips within zips": (lambda: nested(4), None, "within 2 others"),
    "no zip at all": (lambda: b"PK nonsense", None, "cannot be unpacked"),
    "cut off": (lambda: inner_zip()[:-30], None, "cannot be unpacked"),
    "names that are not UTF-8": (not_utf8, None, "cannot be unpacked"),
    "a link": (with_link, "/etc/passwd", ""),
    "names that lead out": (
        lambda: zipped({"../../../../escaped.ipynb": "out", "/02-masks.ipynb": "in"}),
        "in",
        "",
    ),
    "a name too long for a file": (
        lambda: zipped({f"{'x/' * 5000}02-masks.ipynb": "in"}),
        "in",
        "",
    ),
    "a name that is code for a terminal": (
        lambda: zipped({"\x1b[2J\n02-masks.ipynb": "in", "02-masks.ipynb": "right"}),
        "right",
        "",
    ),
    "a zip file called two dots": (
        lambda: zipped({"...zip": zipped({f"{AIKO}/02-masks.ipynb": "mine"})}),
        None,  # what begins with a dot is hidden
        "",
    ),
    "somebody else's folder": (lambda: zipped({f"{AIKO}/02-masks.ipynb": "mine"}), "mine", ""),
    "a zip beside a folder of its name": (
        lambda: zipped({"a/02-masks.ipynb": "in", "a.zip": zipped({"02-masks.ipynb": "in"})}),
        "in",
        "",
    ),
    "the same name twice": (
        lambda: zipped({"a/02-masks.ipynb": "first", "b/02-masks.ipynb": "second"}),
        "first",
        "in the same download",
    ),
    "a copy": (lambda: zipped({"02-masks (1).ipynb": "copy"}), "copy", ""),
    "a copy beside the original": (
        lambda: zipped({"02-masks (1).ipynb": "copy", "02-masks.ipynb": "original"}),
        "original",
        "'Mal_4700_assignsubmission_file_/homework/02-masks (1).ipynb' is left out",
    ),
    "a broken member": (broken_member, "right", "cannot be read"),
}


@pytest.mark.parametrize("name", ZIPS)
def test_a_students_zip_file_harms_nobody(name, root):
    make, expected, said = ZIPS[name]
    download(root, {"Mal_4700_assignsubmission_file_/homework.zip": make()} | moodle())
    lines = collect(root)
    assert said in "\n".join(lines)
    assert len(lines) <= 2 * (MAX_LINES_OF_A_ZIP + 1) + 1
    found = submitted(root)
    assert found.pop(("4700", "02-masks.ipynb"), None) == expected
    others = {key: text for key, text in found.items() if key[0] != "4700"}
    assert others == EVERYBODYS_OWN, "the others have theirs"
    assert not list(root.rglob("escaped.ipynb")) or expected == "in"
    assert not [path for path in root.rglob("*") if path.is_symlink()]
    assert not list(root.glob("downloaded/*/.unpacking-*")), "nothing is left over"


def test_what_macos_and_jupyter_add_to_a_zip_is_skipped_without_a_word(root):
    text = {f"{AIKO}/{name}": "4711" for name in NAMES}
    extra = {
        f"{AIKO}/__MACOSX/._02-masks.ipynb": "\0\5\x16\7",
        f"{AIKO}/._02-masks.ipynb": "\0\5\x16\7",
        f"{AIKO}/.ipynb_checkpoints/02-masks-checkpoint.ipynb": "old",
        f"{AIKO}/.DS_Store": "",
        "__MACOSX/._x.ipynb": "",
    }
    download(root, extra | text | {"Chie_4713_assignsubmission_file_/t.zip": zipped(extra)})
    assert collect(root) == ["2 files collected"]
    assert submitted(root) == {("4711", name): "4711" for name in NAMES}


# --- several downloads --------------------------------------------------------------------


def test_the_newest_download_that_has_a_notebook_counts(root):
    for name, age, extra in (("a-old.zip", 100, NAMES[0]), ("b-new.zip", 10, NAMES[1])):
        inner = zipped({extra: name})
        download(root, {f"{AIKO}/{NAMES[1]}": name, f"{AIKO}/inner.zip": inner}, name, age)
    assert collect(root) == ["2 files collected"], "what is older is no news"
    assert submitted(root) == {("4711", NAMES[0]): "a-old.zip", ("4711", NAMES[1]): "b-new.zip"}


@pytest.mark.parametrize("platform", ["moodle", "canvas"])
def test_what_was_in_a_download_that_is_gone_is_still_there(platform, root):
    """An attempt may hold nothing but what is new."""

    def attempt(number, name):
        place = {"moodle": f"{AIKO}/", "canvas": f"satoaiko_4711_{number}_"}[platform]
        download(root, {f"{place}{name}": "new" if number == 9009 else "same"})
        return collect(root, f"--Collector.platform={platform}")

    attempt(9001, NAMES[0])
    (line, _) = attempt(9005, NAMES[1])
    assert NAMES[0] in line and "is in no download" in line
    both = {("4711", NAMES[0]): "same", ("4711", NAMES[1]): "same"}
    assert submitted(root) == both
    assert attempt(9005, NAMES[1]) == ["2 files collected"], "once is enough"
    assert submitted(root) == both
    shutil.rmtree(root / "submitted")
    attempt(9005, NAMES[1])
    assert submitted(root) == both, "archive/ has all that ever came in"
    attempt(9009, NAMES[0])
    assert submitted(root) == both | {("4711", NAMES[0]): "new"}


def test_a_run_that_is_stopped_between_clearing_and_copying_loses_nothing(root, monkeypatch):
    download(root, {f"{AIKO}/{NAMES[0]}": "first"})
    collect(root)
    download(root, {f"{AIKO}/{NAMES[1]}": "second"})

    clear = ZipCollectApp._clear_existing_files

    def clear_and_stop(app, path):
        clear(app, path)
        if "submitted" in path:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(ZipCollectApp, "_clear_existing_files", clear_and_stop)
        collect(root)
    assert submitted(root) == {}
    collect(root)
    assert submitted(root) == {("4711", NAMES[0]): "first", ("4711", NAMES[1]): "second"}


def test_what_a_teacher_has_put_into_submitted_stays(root):
    folder = root / "submitted" / "4711" / "transformer"
    folder.mkdir(parents=True)
    (folder / NAMES[0]).write_text("by mail", encoding="utf-8")
    (folder / "timestamp.txt").write_text("2026-11-27 23:59:00 +0900", encoding="utf-8")
    other = root / "submitted" / "Emi" / "transformer" / NAMES[0]
    other.parent.mkdir(parents=True)
    other.write_text("by hand", encoding="utf-8")
    download(root, {f"{AIKO}/{NAMES[1]}": "new"})
    lines = collect(root)
    assert any("is from an earlier time of handing in and is kept" in line for line in lines)
    assert submitted(root) == {
        ("4711", NAMES[0]): "by mail",
        ("4711", NAMES[1]): "new",
        ("4711", "timestamp.txt"): "2026-11-27 14:59:00",
        ("Emi", NAMES[0]): "by hand",
    }


def test_a_timestamp_that_is_none_stops_nobody(root):
    folder = root / "submitted" / "4711" / "transformer"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "timestamp.txt")
    os.mkfifo(folder / "02-masks.ipynb")
    download(root, moodle())
    assert any("does not say when" in line for line in collect(root))
    assert submitted(root) == EVERYBODYS_OWN


def test_of_copies_in_one_attempt_on_canvas_the_one_that_came_last_counts(root):
    files = {
        f"satoaiko_4711_90210_{NAMES[1]}": "first",
        f"satoaiko_4711_100000_{NAMES[1].replace('.', '-1.')}": "second",
    }
    download(root, files)
    lines = collect(root, "--Collector.platform=canvas")
    assert submitted(root) == {("4711", NAMES[1]): "second"}
    assert f"satoaiko_4711_90210_{NAMES[1]}' is left out" in lines[0]


def test_a_download_may_be_unpacked_already(root):
    folder = root / "downloaded" / "transformer" / "archive" / "download" / AIKO
    folder.mkdir(parents=True)
    (folder / "bomb.zip").write_bytes(ZIPS["many bombs"][0]())
    (folder / NAMES[0]).write_text("4711", encoding="utf-8")
    (folder / "02-masks.ipynb").symlink_to("/etc/passwd")
    os.mkfifo(folder / "03-scaled-dot-product.ipynb")
    foreign = os.fsencode(folder.parent) + b"/Bj\xf6rn_4799_assignsubmission_file_"
    os.mkdir(foreign)
    with open(foreign + b"/02-masks.ipynb", "w", encoding="utf-8") as file:
        file.write("4799")
    text = "\n".join(collect(root))
    assert "over 100 MiB" in text, "what students have packed is limited here too"
    assert "is a link and is left out" in text and "is no file and is left out" in text
    assert submitted(root)["4711", NAMES[0]] == "4711"
    assert submitted(root)["4799", NAMES[1]] == "4799", "Moodle's number is the id, not the name"
    assert ("4711", NAMES[1]) not in submitted(root)


# --- which notebook a file is -------------------------------------------------------------

COPIES = [
    "02-masks",
    "02-masks (1)",
    "02-masks(12)",
    "02-masks - Copy",
    "02-masks - Copy (2)",
    "02-masks - コピー",
    "02-masks copy",
    "02-masks copy 3",
    "02-masksのコピー",
    "02-masks-Copy1",
    "02-masks-2",
    "02-masks (1)-2",
    " 02-masks ",
]


@pytest.mark.parametrize("stem", COPIES)
def test_the_name_of_a_copy_is_that_of_the_notebook(stem):
    assert Notebooks({"02-masks": set(), "part-2": set()}).by_name(stem).name == "02-masks"


def test_a_number_that_belongs_to_a_name_is_no_mark_of_a_copy():
    notebooks = Notebooks({"part": set(), "part-2": set()})
    assert notebooks.by_name("part-2").name == "part-2"
    assert notebooks.by_name("part-3").name == "part"
    assert notebooks.by_name("homework") is None


def test_a_renamed_notebook_is_known_by_its_cells(root):
    text = {name: (SOURCE / name).read_text(encoding="utf-8") for name in NAMES}
    mixed = json.loads(text[NAMES[0]])
    mixed["cells"] += json.loads(text[NAMES[1]])["cells"]
    cut = json.loads(text[NAMES[1]])
    for cell in cut["cells"]:
        cell["metadata"] = {}  # the cell's own id is left
    download(
        root,
        {
            f"{AIKO}/homework.ipynb": text[NAMES[1]],
            "Ben_4712_assignsubmission_file_/mine (1).ipynb": json.dumps(cut),
            "Chie_4713_assignsubmission_file_/all.ipynb": json.dumps(mixed),
            "Dan_4714_assignsubmission_file_/02-masks.ipynb": "by name",
            "Dan_4714_assignsubmission_file_/00.ipynb": text[NAMES[1]],
        },
    )
    lines = collect(root)
    assert {key for key in submitted(root)} == {
        ("4711", NAMES[1]),
        ("4712", NAMES[1]),
        ("4713", "all.ipynb"),
        ("4714", NAMES[1]),
    }
    assert submitted(root)["4714", NAMES[1]] == "by name"
    assert "4714 has handed in" in lines[0] and "00.ipynb" in lines[0]


def test_many_copies_and_many_strangers_give_few_lines_and_few_files(root):
    files = {f"{AIKO}/02-masks ({i}).ipynb": f"copy {i}" for i in range(300)}
    files |= {f"{AIKO}/homework {i}.ipynb": "{}" for i in range(300)}
    files |= {f"stranger {i}.ipynb": "" for i in range(300)}
    download(root, files)
    lines = collect(root)
    assert len(lines) <= MAX_LINES_OF_A_ZIP + MAX_LINES + 3
    assert "Student 4711: 589 more like these." in lines
    assert f"'download.zip': {300 - MAX_LINES} more like these." in lines
    assert len(submitted(root)) == 1 + MAX_UNKNOWN


def test_a_stranger_gets_a_name_that_is_harmless(root):
    download(root, {f"{AIKO}/<img src=x>\x1b[2J\n{'x' * 300}.ipynb": "{}"})
    collect(root)
    (name,) = {name for _, name in submitted(root)}
    assert re.fullmatch(r"[\w .()-]{1,86}", name)


# --- students' ids ------------------------------------------------------------------------


def test_an_expression_names_students_and_their_ids_are_checked(root):
    (root / "submitted" / "EMI").mkdir(parents=True)
    download(
        root,
        {
            f"work/{student}/{NAMES[1]}": student
            for student in ("aiko", "佐藤 愛子", "<img src=x onerror=alert(1)>", "=1+1", "emi")
        },
    )
    lines = collect(
        root,
        r"--FileNameCollectorPlugin.named_regexp="
        r"work/(?P<student_id>[^/]+)/(?P<file_id>[^/]+)\.ipynb",
    )
    assert set(submitted(root)) == {("aiko", NAMES[1]), ("佐藤 愛子", NAMES[1])}
    assert sum("is not collected: the name" in line for line in lines) == 3
    assert any("differs from EMI only in upper and lower case" in line for line in lines)


def test_a_time_in_the_name_is_the_time_of_handing_in(root):
    download(root, {"aiko/20261127T2359/02-masks.ipynb": "", "ben/9999999999/02-masks.ipynb": ""})
    lines = collect(
        root,
        r"--FileNameCollectorPlugin.named_regexp="
        r"(?P<student_id>\w+)/(?P<timestamp>\w+)/(?P<file_id>[^/]+)\.ipynb",
    )
    assert submitted(root)["aiko", "timestamp.txt"] == "2026-11-27 23:59:00"
    assert ("ben", "timestamp.txt") not in submitted(root)
    assert "'9999999999' is no time" in lines[0]


@pytest.mark.parametrize(
    ("options", "got"),
    [
        ([], "got neither"),
        (["--Collector.platform=moodle", "--FileNameCollectorPlugin.named_regexp=x"], "got both"),
        (["--FileNameCollectorPlugin.named_regexp=(x"], "expected a regular expression"),
        (["--FileNameCollectorPlugin.named_regexp=(?P<student_id>x)"], "student_id and file_id"),
    ],
)
def test_a_download_needs_a_platform_or_an_expression(options, got, root):
    download(root, {"homework.ipynb": "{}"})
    line, end = collect(root, "--log-level=INFO", *options)
    assert got in line
    assert end == "exit code 1"


def test_collecting_what_is_not_an_assignment_says_so(root):
    shutil.rmtree(root / "solutions")
    download(root, moodle())
    line, end = collect(root)
    assert "expected the notebooks of the assignment in" in line
    assert end == "exit code 1"
