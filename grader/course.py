"""The course as nbgrader knows it: where its folders are, and its instructor's notebooks."""

import os
import sysconfig
from pathlib import Path

from nbgrader.apps import NbGrader
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config


def open_course(root: Path) -> CourseDirectory:
    """The course that nbgrader_config.py describes, with submissions and grades in `root`."""
    # nbgrader makes a new gradebook with the command `alembic`, which is installed beside Python.
    scripts = sysconfig.get_path("scripts")
    if scripts not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join(filter(None, [scripts, os.environ.get("PATH")]))
    app = NbGrader()
    app.load_config_file()
    app.config.CourseDirectory.root = str(root.resolve())
    return CourseDirectory(config=app.config)


def parts_of(course: CourseDirectory) -> set[str]:
    """The names of the course's parts: the folders of the source directory."""
    source = Path(course.root, course.source_directory)
    return {folder.name for folder in source.glob("*") if folder.is_dir()}


def instructors_path(config: Config, about: dict[str, str]) -> Path:
    """The path of the instructor's notebook.

    Args:
        config: nbgrader's configuration.
        about: the names of the assignment and of the notebook, with the keys "assignment" and
            "notebook".
    """
    course = CourseDirectory(config=config)
    folder = course.format_path(course.source_directory, ".", about["assignment"])
    return Path(folder, f"{about['notebook']}.ipynb")
