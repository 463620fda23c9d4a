"""nbgrader's settings for this course; its commands read this file from the course's root."""

from pathlib import Path

HERE = Path(__file__).parent

c = get_config()

c.CourseDirectory.course_id = "transformer-course"
# Absolute, so that submissions and grades may lie under another root (--CourseDirectory.root).
c.CourseDirectory.source_directory = str(HERE / "solutions")
c.CourseDirectory.release_directory = str(HERE / "exercises")

# A deleted test cell comes back instead of taking its points along.
c.OverwriteCells.add_missing_cells = True

# A warning on stderr must not cost a correct answer its points, which it does by default.
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = r"[\s\S]"

# Seconds a cell may take. The longest reference answer takes a tenth of it.
c.Execute.timeout = 60
