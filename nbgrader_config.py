"""nbgrader's settings for this course; its commands read this file from the course's root."""

from pathlib import Path

HERE = Path(__file__).parent

c = get_config()

c.CourseDirectory.course_id = "transformer-course"
# Absolute, so that submissions and grades may lie under another root (--CourseDirectory.root).
c.CourseDirectory.source_directory = str(HERE / "solutions")
c.CourseDirectory.release_directory = str(HERE / "exercises")

# Released notebooks say what a task is worth, and what a test that passes means.
c.GenerateAssignment.preprocessors = [
    "nbgrader.preprocessors.IncludeHeaderFooter",
    "nbgrader.preprocessors.InstantiateTests",
    "nbgrader.preprocessors.LockCells",
    "nbgrader.preprocessors.ClearSolutions",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "grader.release.student_notebook.StudentNotebook",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# What students hand in is unpacked within limits; a file that cannot be unpacked stops no other.
c.ZipCollectApp.extractor_plugin = "grader.submissions.collecting.Extractor"
c.ZipCollectApp.collector_plugin = "grader.submissions.collecting.Collector"

# A submission is read as the instructor's notebook with the student's answers in it. The answers
# run in the sandbox, the tests in the judge's process. nbgrader computes the scores as usual.
c.Autograde.exporter_class = "grader.batch.preprocessors.SubmissionExporter"
c.Autograde.sanitize_preprocessors = ["nbgrader.preprocessors.OverwriteCells"]
c.Autograde.autograde_preprocessors = [
    "grader.batch.preprocessors.Judge",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
]
# What lateness costs stands in grading-policy.toml; without it, in LateSubmissionPlugin's settings.
c.AssignLatePenalties.plugin_class = "grader.batch.policy.LatePenalty"

# Feedback shows no hidden test, and nothing that a student wrote can run in a reader's browser.
c.GenerateFeedback.exporter_class = "grader.batch.preprocessors.FeedbackExporter"
c.GenerateFeedback.preprocessors = []
c.HTMLExporter.sanitize_html = True  # the formgrader's pages
