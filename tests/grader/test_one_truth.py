"""Whatever teachers and students do in whatever order, each score is what applies now.

Actions are drawn at random, and after one or two of them the class is graded. Scores, maximum and
penalties must then be those of a plain model of the rules, and each total that changed must have
been told. Some of the courses are then compared with one that is graded for the first time.
"""

import random
import shutil

import pytest

from grader.batch.policy import POLICY
from grader.batch.workers import examine_job
from tests.grader.tiny_course import ANSWERS, NAMES, STUDENTS, Course, start


def draw_action(draw):
    """An action on a course, drawn at random, with its arguments."""
    student, name = draw.choice(STUDENTS), draw.choice(NAMES)
    return draw.choice(
        [
            *[("hand_in", student, name, draw.choice(list(ANSWERS)))] * 4,
            ("take_away", student, name),
            ("put_back",),
            ("rename", student),
            ("come_late", student, draw.choice([-5, 30, 100, "on Friday"])),
            ("set_policy", draw.choice([None, {}, {student: 48}]), draw.choice([0, 72])),
            ("change", name, draw.choice([0, 1]), draw.choice([1, 2, 4])),
            ("mark", student, name, draw.choice(["hidden", "essay"]), draw.choice([0, 1.5, None])),
            ("forget", student),
            ("back_up",),
            ("restore",),
            ("kill", draw.randrange(1, 5)),
            ("regrade",),
        ]
    )


def play(course, draw, rounds):
    """Do one or two actions and grade, again and again."""
    for _ in range(rounds):
        for _ in range(draw.randint(1, 2)):
            action, *arguments = draw_action(draw)
            course.done.append((action, *arguments))
            if action == "regrade":
                course.grade("--regrade")
            else:
                getattr(course, action)(*arguments)
        course.done.append("grade")
        course.grade()


def is_as_if_new(course, root):
    """Whether the tests' scores are those of a course that was never graded."""
    course.grade("--regrade")
    fresh = Course(root, course.released)
    for part in ("submitted", "source", POLICY):
        if (course.root / part).is_dir():
            shutil.copytree(course.root / part, root / part, dirs_exist_ok=True)
        elif (course.root / part).exists():
            shutil.copy(course.root / part, root)
    for name in NAMES:
        fresh.change(name, course.hidden[name], course.points[name])
    fresh.run()
    return course.automatic_scores() == fresh.automatic_scores()


@pytest.mark.parametrize("first", range(0, 300, 30))
def test_every_score_is_what_applies_now(first, graded):
    for seed in range(first, first + 30):
        course = start(graded)
        try:
            play(course, random.Random(seed), rounds=2)
            if seed % 50 == 0:
                assert is_as_if_new(course, course.root.with_name("fresh"))
        except BaseException as error:
            error.add_note(f"seed {seed}: {course.done}")
            raise


@pytest.mark.slow
def test_the_judge_gives_the_same_scores(graded):
    for seed in range(12):
        course = start(graded)
        course.examine = examine_job
        play(course, random.Random(1000 + seed), rounds=2)
