"""What a run of grading says: problems, what waits, and which totals changed and why."""

import os
import re

import pytest

from grader.batch import grading
from grader.batch.policy import POLICY, PolicyError, read_policy
from tests.grader.tiny_course import DUE, NAMES, PART, STUDENTS, start
from tests.selection import ROOT


@pytest.fixture
def course(graded):
    return start(graded)


def lines(said, beginning):
    return [line for line in said.splitlines() if line.startswith(beginning)]


def changes(said, student):
    """The lines about a student's total."""
    return [line.strip() for line in lines(said, f"  {student}: ") if line.endswith(")")]


def row(said, student):
    """A student's row of the table, without the name."""
    table = said.partition("points ")[2]
    return re.search(rf"^{student} +(.*)$", table, re.M).group(1).split()


# --- totals -------------------------------------------------------------------------------


def test_a_notebook_that_was_away_gets_its_score_again_and_both_is_told(course):
    course.take_away("aiko", "02-double")
    away = course.run()
    assert changes(away, "aiko") == ["aiko: 9 → 6 (not handed in any more: 02-double)"]
    assert row(away, "aiko") == ["3", "0", "3", "6"]
    course.put_back()
    back = course.run()
    assert changes(back, "aiko") == ["aiko: 6 → 9 (not handed in before: 02-double)"]
    assert row(back, "aiko") == ["3", "3", "3", "9"]
    assert "Totals that changed since the last run: none." in course.run()


def test_each_reason_for_another_total_is_told(course):
    def why():
        return changes(course.run(), "aiko")

    course.hand_in("aiko", "01-double", "half")
    assert why() == ["aiko: 9 → 7 (answers changed: 01-double)"]
    course.mark("aiko", "03-essay", "essay", 2)
    assert why() == ["aiko: 7 → 9 (mark by hand: 03-essay)"]
    course.change("02-double", hidden=0, points=4)
    assert why() == ["aiko: 9 → 11 (points changed: 02-double)"]
    course.hand_in("aiko", "03-essay", "unreadable")
    assert why() == ["aiko: 11 → 8 (cannot be read: 03-essay)"], "the mark by hand is kept"
    course.come_late("aiko", 30)
    course.set_policy({}, 0)
    assert why() == [f"aiko: 8 → 6.4 (penalty for lateness: {', '.join(NAMES)})"]
    course.set_policy({"aiko": 48}, 0)
    assert why() == [f"aiko: 6.4 → 8 (no penalty for lateness any more: {', '.join(NAMES)})"]
    course.change("01-double", hidden=1, points=2)
    assert why() == []
    assert "aiko: 01-double, hidden: 0 → 2" in course.run("--dry-run")
    assert changes(course.run("--regrade"), "aiko") == ["aiko: 8 → 10 (tests changed: 01-double)"]
    course.forget("aiko")
    for name in NAMES:
        course.take_away("aiko", name)
    assert why() == ["aiko: 10 → none (not in the gradebook any more)"]


def test_a_gradebook_that_is_older_than_the_files_comes_right_with_a_line(course):
    course.back_up()
    course.hand_in("ben", "01-double", "right")
    course.run()
    course.restore()
    said = course.run()
    assert row(said, "ben") == ["3", "1", "1", "5"]
    assert (
        "01-double had other scores in the gradebook than in autograded/, so it was examined "
        "again, for 1: ben."
    ) in said


def test_a_student_who_was_removed_comes_back_whole(course):
    course.forget("ben")
    course.take_away("ben", "01-double")
    course.run()
    course.put_back()
    assert row(course.run(), "ben") == ["1", "1", "1", "3"]


def test_another_version_of_the_course_is_told_and_never_mixed_in_silently(course, monkeypatch):
    monkeypatch.setattr(grading, "version", lambda: "another")
    said = course.run()
    assert "6 notebooks were graded with another version of the course" in said
    assert "Graded 0 notebooks" in said
    monkeypatch.setattr(course, "examine", lambda job: examine_with_all_wrong(job))
    shown = course.run("--all")
    assert "aiko: 01-double, hidden: 2 → 0" in shown and row(shown, "aiko")[-1] == "9"
    recorded = course.run("--regrade")
    assert changes(recorded, "aiko") == [
        f"aiko: 9 → 0 (another version of the course: {', '.join(NAMES)})"
    ]
    assert "another version of the course, of" not in course.run()


def examine_with_all_wrong(job):
    from grader.judging.job import Finding, Outcome

    names = ("double", "tests", "hidden")
    return Finding({name: Outcome(False, "ValueError: no") for name in names}, {}, 0.0)


def test_a_student_is_told_of_a_changed_total_by_a_new_page(course):
    page = course.root / "feedback" / "aiko" / PART / "02-double.html"
    page.parent.mkdir(parents=True)
    page.write_text("3 of 3", encoding="utf-8")
    course.mark("aiko", "02-double", "hidden", 0)
    course.run("--dry-run")
    assert page.exists()
    course.run()
    assert not page.exists(), "an old page does not stand beside new grades"


def test_the_log_has_a_block_for_each_run(course):
    course.run()
    course.hand_in("aiko", "01-double", "wrong")
    course.run("--all")
    *_, block = (course.root / "grading.log").read_text(encoding="utf-8").strip().split("\n\n")
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC  grade tiny\n  command: ", block)
    assert "torch" in block and "Graded 1 notebooks; 0 had been graded before." in block
    assert "aiko: 9 → 6 (answers changed: 01-double)" in block


# --- problems -----------------------------------------------------------------------------


def test_what_was_not_handed_in_is_one_line_a_notebook_below_the_problems(course):
    for number in range(15):
        course.hand_in(f"student{number:02}", "01-double", "right")
    course.hand_in("student07", "01-double", "unreadable")
    course.hand_in("student07", "03-essay", "right")
    said = course.run()
    places = [
        said.index(text)
        for text in ("student07: ", "02-double was not handed in", "\nstudent ", "Totals")
    ]
    assert places == sorted(places)
    absent = lines(said, "02-double was not handed in")
    assert absent == [
        "02-double was not handed in, so 0 points, by 15: "
        + ", ".join(f"student{number:02}" for number in range(10))
        + " and 5 others."
    ]
    assert row(said, "student07") == ["?", "0", "3", "3"]


def test_a_student_gets_at_most_twenty_lines(course):
    for number in range(30):
        path = course.folder("aiko") / f"copy{number:02}.ipynb"
        path.write_text("{}", encoding="utf-8")
    said = course.run()
    assert len(lines(said, "aiko: ")) <= 20
    assert "20 more files" in said


def test_with_several_parts_no_rename_is_advised_that_would_misfile_the_class(course):
    (course.root / "source" / "another").mkdir()
    (course.root / "submitted" / "chie" / "another").mkdir(parents=True)
    (course.root / "submitted" / "dai" / "tinny").mkdir(parents=True)
    said = course.run()
    assert not lines(said, "chie: ")
    assert "Nothing was handed in by 1: chie." in said
    assert "found tinny in its place" in said
    assert row(said, "chie") == ["-"] * 4


def test_nobody_loses_a_score_where_no_submission_is_there_at_all(course):
    for student in STUDENTS:
        course.folder(student).rename(course.folder(student).with_name("elsewhere"))
    said = course.run()
    assert row(said, "aiko") == ["3", "3", "3", "9"]
    assert "nobody's submission is here, so all scores stay" in said


def a_garbled_time(path):
    path.write_text("handed in on Friday", encoding="utf-8")


def a_huge_time(path):
    with path.open("wb") as file:
        file.truncate(2**30)


@pytest.mark.parametrize("make", [a_garbled_time, a_huge_time, os.mkdir, os.mkfifo])
def test_a_time_that_cannot_be_read_is_a_line_about_its_student(course, make):
    course.come_late("aiko", 30)
    course.set_policy({}, 0)
    course.run()
    (course.folder("aiko") / "timestamp.txt").unlink()
    make(course.folder("aiko") / "timestamp.txt")
    said = course.run()
    assert "timestamp.txt" in lines(said, "aiko: ")[0]
    assert "graded as if no time were known" in lines(said, "aiko: ")[0]
    assert row(said, "aiko")[-1] == "9" and row(said, "ben")[-1] == "3"


def test_marks_that_wait_are_told(course):
    said = course.run()
    assert "Answers that wait for a mark by hand: 03-essay 2." in said
    course.mark("ben", "01-double", "hidden", 0.5)
    assert "by hand counts" not in course.run()
    course.hand_in("ben", "01-double", "right")
    assert "ben: 01-double, hidden: the mark 0.5 by hand counts, and the tests now give 2." in (
        course.run()
    )


def test_a_file_that_was_read_is_not_read_again(course, monkeypatch):
    def refuse(*_):
        raise AssertionError("an unchanged notebook was parsed")

    monkeypatch.setattr(grading, "read_submission", refuse)
    assert "Graded 0 notebooks; 6 had been graded before." in course.run()


def test_a_test_that_gives_more_than_its_points_gives_all_of_them(course, monkeypatch):
    from grader.judging.job import Finding, Outcome

    outcomes = {"tests": Outcome(True, partial=5.0), "hidden": Outcome(True, partial=1.5)}
    monkeypatch.setattr(course, "examine", lambda job: Finding(outcomes, {}, 0.0))
    course.hand_in("aiko", "01-double", "half")
    assert row(course.run(), "aiko")[0] == "2.5"


# --- part of a class ----------------------------------------------------------------------


def test_a_run_can_be_for_some_students_and_notebooks_only(course):
    for student in STUDENTS:
        for name in NAMES:
            course.hand_in(student, name, "wrong")
    said = course.run("--student", "aiko", "--notebook", "01-double", "--notebook", "03-essay")
    assert "Graded 2 notebooks" in said
    assert row(said, "aiko") == ["0", "3", "0", "3"] and row(said, "ben")[-1] == "3"
    assert changes(said, "aiko") == ["aiko: 9 → 3 (answers changed: 01-double, 03-essay)"]
    said = course.run()
    assert changes(said, "aiko") == ["aiko: 3 → 0 (answers changed: 02-double)"]


@pytest.mark.parametrize("options", [("--student", "nobody"), ("--notebook", "09-none")])
def test_a_name_that_is_not_there_is_an_error(course, options):
    with pytest.raises(LookupError, match=f"got '{options[1]}'"):
        course.run(*options)


# --- the policy ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[due", "cannot be read"),
        ("[due]\ntinny = 2026-12-01T00:00:00Z", "'tinny'"),
        ("[due]\ntiny = 2026-12-01", "time zone"),
        ("[due]\ntiny = 2026-12-01T00:00:00", "time zone"),
        ("[due]\ntiny = 0001-01-01T00:00:00+09:00", "time zone"),
        ("[extensions.aiko]\ntiny = 2026-12-01T00:00:00Z", "due.tiny"),
        (
            "[due]\ntiny = 2026-12-01T00:00:00Z\n[extensions.aiko]\ntiny = 2026-11-01T00:00:00Z",
            "after the due time",
        ),
        ("[late]\nshare_per_day = 10", "from 0 to 1"),
        ("[late]\nmost = nan", "from 0 to 1"),
        ("[late]\ngrace_minutes = -1", "not negative"),
        ("[late]\nper_day = 0.1", "'per_day'"),
        ("late = 3", "table"),
        ("[penalty]\nmost = 1", "'penalty'"),
    ],
)
def test_a_bad_policy_is_one_error_that_names_the_place(course, text, what):
    (course.root / POLICY).write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match=re.escape(what)) as error:
        read_policy(course.course)
    assert POLICY in str(error.value) and "\n" not in str(error.value)


def test_the_policy_in_the_guide_is_one(course):
    guide = (ROOT / "book" / "teachers-guide" / "grading.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```toml\n(.*?)```", guide, re.S)
    (course.root / POLICY).write_text(text.replace("transformer", PART), encoding="utf-8")
    policy = read_policy(course.course)
    assert policy.due[PART] < policy.extensions["chie"][PART]
    minutes = [10, 11, 24 * 60, 24 * 60 + 1, 100 * 24 * 60]
    assert [policy.penalty(20, 60 * late) for late in minutes] == [0, 2, 2, 4, 10]


def test_due_dates_and_extensions_stand_in_the_gradebook(course):
    course.set_policy({"aiko": 48}, 24)
    course.run()
    with course.gradebook() as gradebook:
        assert (gradebook.find_assignment(PART).duedate - DUE).days == 1
        assert gradebook.find_submission(PART, "aiko").extension.days == 2
        assert gradebook.find_submission(PART, "ben").extension is None
    course.set_policy({}, 24)
    course.run()
    with course.gradebook() as gradebook:
        assert gradebook.find_submission(PART, "aiko").extension is None


def test_an_extension_for_nobody_is_told(course):
    course.set_policy({"aikko": 48}, 0)
    assert "aikko: has an extension" in course.run()


def test_without_a_policy_nbgraders_own_settings_apply_and_end(course):
    course.come_late("aiko", 30)
    with course.gradebook() as gradebook:
        gradebook.find_assignment(PART).duedate = DUE
        gradebook.db.commit()
    assert row(course.run(), "aiko")[-1] == "9"
    course.course.config.LateSubmissionPlugin.penalty_method = "zero"
    try:
        assert row(course.run(), "aiko")[-1] == "0"
    finally:
        del course.course.config.LateSubmissionPlugin.penalty_method
    assert row(course.run(), "aiko")[-1] == "9"
