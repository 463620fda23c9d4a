"""What comes in with a submission besides notebooks: the student's id and the time."""

import os
import tempfile
import unicodedata
from datetime import datetime
from pathlib import Path

import pytest
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc

import grader.batch.preprocessors  # noqa: F401 -- nbgrader's commands load it with their settings
from grader.submissions.student_ids import MAX_LENGTH, problem_with_id, problems_with_ids
from grader.submissions.timestamps import MAX_BYTES, BadTimestamp, handed_in_at

TIMES = {
    "2026-11-27 23:59:00.123456 UTC": datetime(2026, 11, 27, 23, 59, 0, 123456),
    "2026-11-27 23:59:00.123456": datetime(2026, 11, 27, 23, 59, 0, 123456),
    "2026-11-27 23:59:00": datetime(2026, 11, 27, 23, 59),
    "2026-11-27 23:59:00 Asia/Tokyo\n": datetime(2026, 11, 27, 14, 59),
    "2026-11-27 23:59:00+09:00": datetime(2026, 11, 27, 14, 59),
    "2026-11-27T14:59Z": datetime(2026, 11, 27, 14, 59),
}


@pytest.mark.parametrize("text", TIMES)
def test_a_time_is_read_as_nbgrader_reads_it(text, tmp_path):
    (tmp_path / "timestamp.txt").write_text(text, encoding="utf-8")
    assert handed_in_at(tmp_path) == TIMES[text] == parse_utc(text.strip())


def test_an_offset_is_hours_and_minutes(tmp_path):
    (tmp_path / "timestamp.txt").write_text("2026-11-27 23:59:00 +0900", encoding="utf-8")
    assert handed_in_at(tmp_path) == datetime(2026, 11, 27, 14, 59)


def test_without_a_file_there_is_no_time(tmp_path):
    assert handed_in_at(tmp_path) is None


# What timestamp.txt is, and a part of what is said about it. What is no text makes the file.
BAD = {
    "words": ("handed in on Friday", "it reads 'handed in on Friday'"),
    "a day that depends on today": ("Friday", "it reads 'Friday'"),
    "a number": ("10", "it reads"),
    "a day without a time": ("2026-11-27", "it reads"),
    "nothing": ("", "it reads ''"),
    "a year before all students": ("0001-01-01 00:00:00", "the year 1 is not within"),
    "year 0": ("0000-01-01 00:00:00", "no time of the calendar"),
    "a year after all students": ("9999-12-31 00:00:00", "the year 9999 is not within"),
    "out of all calendars": ("0001-01-01 00:00:00 +1400", "no time of the calendar"),
    "a 13th month": ("2026-13-01 00:00:00", "no time of the calendar"),
    "an unknown time zone": ("2026-11-27 23:59:00 JST", "the time zone 'JST' is not known"),
    "a zone that is a path": ("2026-11-27 23:59:00 A/../../etc/passwd", "it reads"),
    "no text": (b"\xff\xfe2\x000\x00", "it is not UTF-8"),
    "zeros": (b"\0" * 20, "it reads"),
    "a folder": (Path.mkdir, "it is a folder"),
    "a pipe": (os.mkfifo, "it is no file"),
    "a link": (lambda path: path.symlink_to("/etc/hostname"), "it is a link"),
    "a link to nothing": (lambda path: path.symlink_to("nowhere"), "it is a link"),
    "a huge file": (lambda path: (path.touch(), os.truncate(path, 2**40)), f"over {MAX_BYTES}"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_time_is_said_with_advice_and_never_waited_for(name, tmp_path):
    content, said = BAD[name]
    path = tmp_path / "timestamp.txt"
    if callable(content):
        content(path)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadTimestamp) as caught:
        handed_in_at(tmp_path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value) and "or delete it" in str(caught.value)


def test_nbgraders_own_commands_read_the_time_in_the_same_way(tmp_path):
    course = CourseDirectory()
    assert course.get_existing_timestamp(str(tmp_path)) is None
    os.mkfifo(tmp_path / "timestamp.txt")
    assert course.get_existing_timestamp(str(tmp_path)) is None
    os.unlink(tmp_path / "timestamp.txt")
    (tmp_path / "timestamp.txt").write_text("2026-11-27 23:59:00 +0900", encoding="utf-8")
    assert course.get_existing_timestamp(str(tmp_path)) == datetime(2026, 11, 27, 14, 59)


GOOD_IDS = [
    "4711",
    "7",
    "chie",
    "s1234567",
    "Aiko.Sato-2",
    "aiko_sato",
    "aiko.sato+bert@example.ac.jp",
    "Aiko Sato",
    "佐藤愛子",
    "佐藤 愛子",
    "ハンス",
    "がくせい",  # with a sign that NFD would part from its letter
    "Björn",
    "Олег",
    "नमिता",
    "x" * MAX_LENGTH,
]


@pytest.mark.parametrize("name", GOOD_IDS)
def test_a_real_id_is_allowed(name):
    assert problem_with_id(name) == ""


BAD_IDS = {
    "": "empty",
    "<img src=x onerror=alert(1)>": "less-than sign (<)",
    "a&b": "ampersand",
    "a/b": "solidus",
    "a\\b": "reverse solidus",
    "a?b": "question mark",
    "a#b": "number sign",
    "a%41": "percent sign",
    "a*": "asterisk",
    "[ab]": "left square bracket",
    "{student_id}": "left curly bracket",
    "`a`": "grave accent",
    "a|b": "vertical line",
    "a,b": "comma",
    'a"b': "quotation mark",
    "O'Brien": "apostrophe",
    "a;b": "semicolon",
    "a\nb": "U+000A",
    "a\rb": "U+000D",
    "a\tb": "U+0009",
    "a\x1b[31m": "U+001B",
    "a\x00b": "U+0000",
    "a\u200bb": "zero width space",
    "a\u202eb": "right-to-left override",
    "a\u00a0b": "no-break space",
    "a\u3000b": "ideographic space",
    "a\u2028b": "line separator",
    "a😀": "grinning face",
    "a\udcff": "U+DCFF",
    "=1+1": "equals sign",
    "+1": "begins",
    "-rf": "begins",
    "@SUM(A1)": "left parenthesis",
    "@a": "begins",
    ".hidden": "begins",
    "..": "begins",
    "_a": "begins",
    " a": "begins",
    "a ": "ends",
    "a.": "ends",
    "a  b": "spaced",
    unicodedata.normalize("NFD", "Björn"): "second form",
    unicodedata.normalize("NFD", "がくせい"): "second form",
    "４７１１": "Rename it to '4711'",
    "ｱｲｺ": "Rename it to 'アイコ'",
    "x" * (MAX_LENGTH + 1): f"{MAX_LENGTH + 1} characters",
}


@pytest.mark.parametrize("name", BAD_IDS)
def test_an_id_that_breaks_something_is_refused_with_advice(name):
    problem = problem_with_id(name)
    assert BAD_IDS[name] in problem
    assert "Choose another name" in problem or "Rename it" in problem
    assert problem.isprintable(), "it is printed on a terminal"


def test_what_the_file_system_hands_over_as_a_name_that_is_not_utf8_is_refused():
    with tempfile.TemporaryDirectory() as folder:
        Path(os.fsdecode(os.fsencode(folder) + b"/a\xe9")).mkdir()
        (name,) = os.listdir(folder)
    assert "U+DCE9" in problem_with_id(name)


def test_ids_that_differ_only_in_case_are_refused_together():
    problems = problems_with_ids(["aiko", "Aiko", "ben", "a,b"])
    assert set(problems) == {"aiko", "Aiko", "a,b"}
    assert "differs from Aiko only in upper and lower case" in problems["aiko"]
    assert "rename one" in problems["Aiko"]
