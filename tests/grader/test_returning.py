"""Giving feedback and scores back, and the teacher's guide walked from download to return."""

import csv
import io
import json
import re
import subprocess
import sys
import zipfile

import pytest

from grader.submissions.collecting import RECORD
from grader.submissions.returning import fill_sheet, main
from tests.exercises.running import ROOT
from tests.grader.small_course import NOTEBOOK, POINTS, RIGHT, WRONG, SmallCourse, notebook_with

PAGE = ROOT / "book" / "teachers-guide" / "moodle-and-canvas.md"

MOODLE = (
    '\ufeffIdentifier,"Full name","Email address",Status,Grade,"Maximum grade",'
    '"Grade can be changed","Last modified (submission)","Last modified (grade)",'
    '"Feedback comments"\r\n'
    'Participant 4711,"Sato, ""Aiko""",aiko@example.org,Submitted,,20.00,Yes,-,-,\r\n'
    'Participant 4712,"Ben Ö. B",ben@example.org,Submitted,3.00,20.00,Yes,-,-,"<p>Hello\r\n'
    'Ben</p>"\r\n'
    "Participant 4799,Gone,gone@example.org,No submission,,20.00,Yes,-,-,\r\n"
)
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Essay (11),Transformer (12),Current Score\n"
    ",,,,,Manual Posting,,\n"
    "    Points Possible,,,,,10.00,20.00,(read only)\n"
    '"Sato, Aiko",4711,s1,aiko,A,7.00,,70\n'
    '"B, Ben",4712,s2,ben,A,EX,3.00,30\n'
    '"Gone, G",4799,s9,gone,A,,,\n'
    '"Ito, Chie",4713,s3,chie,A,1.00,EX,\n'
    '"Student, Test",,,x,A,,,\n'
)
SCORES = {"4711": 17.0, "4712": 12.3456, "4713": 20.0, "4714": 5.0}


def rows(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def changes(sheet, content):
    """The cells of a filled sheet that differ from the sheet, by row and column."""
    before, after = rows(sheet.encode()), rows(content)
    assert [len(row) for row in before] == [len(row) for row in after]
    return {
        (i, before[0][j]): cell
        for i, row in enumerate(after)
        for j, cell in enumerate(row)
        if cell != before[i][j]
    }


def test_moodles_worksheet_gets_the_scores_and_nothing_else():
    filled = fill_sheet(MOODLE.encode(), "moodle", "transformer", SCORES, 20.0)
    assert changes(MOODLE, filled.content) == {(1, "Grade"): "17", (2, "Grade"): "12.35"}
    assert filled.count == 2
    assert filled.remarks == ["Graded, but not in the sheet: 4713, 4714."]
    assert filled.content.startswith("\ufeffIdentifier".encode())
    assert filled.content.count(b"\r\n") == MOODLE.count("\r\n")


def test_canvas_gradebook_gets_the_scores_and_nothing_else():
    filled = fill_sheet(CANVAS.encode(), "canvas", "transformer", SCORES, 20.0)
    title = "Transformer (12)"
    assert changes(CANVAS, filled.content) == {(3, title): "17", (4, title): "12.35"}
    assert filled.remarks == [
        "4713 has EX there, which stays.",
        "Graded, but not in the sheet: 4714.",
    ]


def test_another_maximum_on_the_platform_is_said():
    for sheet, platform in ((MOODLE, "moodle"), (CANVAS, "canvas")):
        (*_, remark) = fill_sheet(sheet.encode(), platform, "transformer", {}, 158.0).remarks
        assert "is 20.00 on" in remark and "set it to 158 there" in remark


def test_the_column_can_be_named():
    filled = fill_sheet(CANVAS.encode(), "canvas", "transformer", SCORES, 10.0, "Essay (11)")
    assert changes(CANVAS, filled.content)[3, "Essay (11)"] == "17"
    japanese = MOODLE.replace("Identifier", "ID").replace("Participant ", "参加者 ")
    japanese = japanese.replace(",Grade,", ",評点,")
    filled = fill_sheet(japanese.encode(), "moodle", "transformer", SCORES, 20.0, "評点")
    assert filled.count == 2


def test_a_sheet_with_semicolons_stays_one():
    filled = fill_sheet(
        CANVAS.replace(",", ";").replace('"Sato; Aiko"', '"Sato, Aiko"').encode(),
        "canvas",
        "transformer",
        SCORES,
        20.0,
    )
    assert b";4711;s1;aiko;A;7.00;17;70" in filled.content


# A file that is no sheet of the platform, the platform, and what is said.
WRONG_SHEETS = {
    "nothing": (b"", "moodle", "it is empty"),
    "a spreadsheet": (b"PK\x03\x04\xff\xfe", "moodle", "a CSV file in UTF-8"),
    "UTF-16": (MOODLE.encode("utf-16"), "moodle", "a CSV file in UTF-8"),
    "the other platform's": (CANVAS.encode(), "moodle", "Participant 4711"),
    "the other platform's, too": (MOODLE.encode(), "canvas", "a column ID and a row Points"),
    "an open quotation mark": (b'ID,"Student', "canvas", "unexpected end"),
    "no column for scores": (
        MOODLE.replace("Grade,", "Note,", 1).encode(),
        "moodle",
        "found 0. Name it, for example --column 'Grade'",
    ),
    "several assignments": (
        CANVAS.replace("Transformer", "Transformers").encode(),
        "canvas",
        "found 2. Name it, for example --column 'Essay (11)'",
    ),
}


@pytest.mark.parametrize("name", WRONG_SHEETS)
def test_a_file_that_is_no_sheet_of_the_platform_is_refused_with_advice(name):
    content, platform, said = WRONG_SHEETS[name]
    with pytest.raises(LookupError) as caught:
        fill_sheet(content, platform, "transformer", SCORES, 20.0)
    assert said in str(caught.value)
    assert {"moodle": "grading worksheet", "canvas": "gradebook"}[platform] in str(caught.value)


def record_in(root, platform, files):
    """Write down what was collected: (student, notebook, file, place) each."""
    names = ("student", "notebook", "file", "place")
    about = {"platform": platform, "files": [dict(zip(names, f, strict=True)) for f in files]}
    path = root / "downloaded" / "transformer" / RECORD
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(about), encoding="utf-8")


def give_back(root, monkeypatch, capsys, *options):
    """Run the command; return its exit code and what it prints."""
    line = ["returning", "transformer", "moodle", "--root", str(root), *options]
    monkeypatch.setattr(sys, "argv", line)
    code = main()
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def test_a_file_without_a_page_is_named_and_the_others_are_packed(tmp_path, monkeypatch, capsys):
    files = [
        ("4711", "02-masks", "A_4711_assignsubmission_file_/homework.ipynb", "A_4711_"),
        ("4712", "02-masks", "B_4712_assignsubmission_file_/\x1b[2J.ipynb", "B_4712_"),
    ]
    record_in(tmp_path, "moodle", files)
    page = tmp_path / "feedback" / "4711" / "transformer" / "02-masks.html"
    page.parent.mkdir(parents=True)
    page.write_text("of 4711", encoding="utf-8")
    code, printed = give_back(tmp_path, monkeypatch, capsys)
    assert code == 0
    assert r"'B_4712_assignsubmission_file_/\x1b[2J.ipynb' has no feedback" in printed
    with zipfile.ZipFile(tmp_path / "feedback-transformer.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "A_4711_/02-masks.html": b"of 4711"
        }


@pytest.mark.parametrize("platform", ["canvas", None])
def test_nothing_is_packed_from_another_platform(platform, tmp_path, monkeypatch, capsys):
    if platform:
        record_in(tmp_path, platform, [("4711", "02-masks", "x", "y")])
    code, printed = give_back(tmp_path, monkeypatch, capsys)
    assert code == 2
    assert "check that the download is from moodle" in printed


# --- the guide ----------------------------------------------------------------------------


def blocks():
    """The blocks of commands on the page, in its order."""
    return re.findall(r"```bash\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


class Walk:
    """A teacher who follows the page in a course with one notebook.

    Args:
        folder: an empty folder, for the course and the teacher's downloads.
        platform: "moodle" or "canvas".
    """

    def __init__(self, folder, platform):
        self.platform, self.downloads = platform, folder / "home" / "Downloads"
        self.downloads.mkdir(parents=True)
        self.course = SmallCourse(folder / "course")
        (folder / "course" / ".venv").symlink_to(sys.prefix)
        self.release, moodle, canvas, self.grading, self.later, self.giving_back = blocks()
        self.collecting = {"moodle": moodle, "canvas": canvas}[platform]

    def do(self, block):
        """Run a block of the page; `make` is left to the tests of its commands."""
        lines = [line for line in block.splitlines() if not line.startswith("make ")]
        assert lines
        return subprocess.run(
            ["bash", "-ec", "\n".join(lines)],
            cwd=self.course.root,
            env={
                "HOME": str(self.downloads.parent),
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(ROOT),
            },
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        )

    def receive(self, answers, attempt=0, name=f"{NOTEBOOK}.ipynb"):
        """Download what students have handed in: their answers, by number."""
        with zipfile.ZipFile(self.downloads / "submissions.zip", "w") as archive:
            for student, answer in answers.items():
                path = {
                    "moodle": f"Student {student}_{student}_assignsubmission_file_/{name}",
                    "canvas": f"student_{student}_{9000 + attempt}_{name}",
                }[self.platform]
                archive.writestr(path, json.dumps(notebook_with(answer)))

    def grade(self):
        assert self.grading == "make grade\n"
        result = self.course.grade()
        assert result.returncode == 0, result.stderr
        return self.course.scores()

    def give_back(self, sheet):
        """Return the scores that the platform gets, and the names of the pages."""
        (self.downloads / "sheet.csv").write_text(sheet, encoding="utf-8", newline="")
        self.do(self.giving_back.replace("moodle", self.platform))
        filled = rows((self.course.root / "grades-transformer.csv").read_bytes())
        column = next(i for i, n in enumerate(filled[0]) if n in ("Grade", "Transformer (12)"))
        identifier = {"moodle": 0, "canvas": 1}[self.platform]
        found = {row[identifier][-4:]: row[column] for row in filled if row[identifier]}
        with zipfile.ZipFile(self.course.root / "feedback-transformer.zip") as archive:
            return found, set(archive.namelist())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("platform", "sheet", "beside"), [("moodle", MOODLE, True), ("canvas", CANVAS, False)]
)
def test_the_guide_leads_from_the_download_to_the_platforms_sheet(
    platform, sheet, beside, tmp_path
):
    """The second download lies beside the first one, as the page says, or in its place."""
    walk = Walk(tmp_path, platform)
    walk.receive({"4711": WRONG, "4713": RIGHT})
    walk.do(walk.release)
    walk.do(walk.collecting)
    assert walk.grade() == {"4711": POINTS - 3, "4713": POINTS}
    # The next download has nothing of 4713, and 4711's second attempt under a name of their own.
    walk.receive({"4711": RIGHT, "4712": WRONG}, 50, "homework (1).ipynb")
    walk.do(walk.later if beside else walk.release)
    walk.do(walk.collecting)
    assert walk.grade() == {"4711": POINTS, "4712": POINTS - 3, "4713": POINTS}
    found, pages = walk.give_back(sheet)
    assert (found["4711"], found["4712"], found["4799"]) == ("20", "17", "")
    folder, number = "Student {0}_{0}_assignsubmission_file_", "student_{}_{}_"
    assert (
        pages
        == {
            "moodle": {f"{folder.format(s)}/{NOTEBOOK}.html" for s in ("4711", "4712", "4713")},
            "canvas": {
                number.format(s, n) + f"{NOTEBOOK}.html"
                for s, n in (("4711", 9050), ("4712", 9050), ("4713", 9000))
            },
        }[platform]
    )
