"""Pack the feedback pages of a class under the names that its learning platform expects.

    python -m grader.submissions.returning transformer moodle

Goes by what `nbgrader zip_collect` has unpacked, and leaves feedback-transformer.zip.
"""

import argparse
import logging
import sys
import zipfile
from pathlib import Path

from grader.course import open_course
from grader.submissions.collecting import PLATFORMS, Collector


def pack_feedback(
    root: Path, assignment: str, platform: str, target: Path
) -> tuple[int, list[str]]:
    """Write a zip file of feedback pages that a learning platform accepts.

    Args:
        root: the folder with downloaded/ and feedback/.
        assignment: the name of the assignment.
        platform: a key of `PLATFORMS`.
        target: the zip file.

    Returns:
        The number of pages, and the submitted files without a page.

    Raises:
        LookupError: if there is no page to pack.
    """
    course = open_course(root)
    extracted = Path(course.root, "downloaded", assignment, "extracted")
    collector = Collector(platform=platform)
    collector.log = logging.getLogger("returning")
    collector.log.setLevel(logging.CRITICAL)  # `nbgrader zip_collect` has logged it
    pages, without = {}, []
    for path in sorted(map(str, extracted.rglob("*.ipynb"))):
        info = collector.collect(path)
        if not info:
            continue
        folder = course.format_path(course.feedback_directory, info["student_id"], assignment)
        page = Path(folder, f"{info['file_id']}.html")
        if page.is_file():
            pages[PLATFORMS[platform].feedback.format(**info)] = page
        else:
            without.append(str(Path(path).relative_to(extracted)))
    if not pages:
        raise LookupError(
            f"expected feedback on what lies in {extracted}, found none. Collect and grade first, "
            f"and check that the download is from {platform}"
        )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, page in pages.items():
            archive.write(page, name)
    return len(pages), without


def main() -> int:
    """Pack the feedback, print what was packed, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m grader.submissions.returning",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("assignment", help="the name of the assignment, for example transformer")
    parser.add_argument("platform", choices=sorted(PLATFORMS))
    parser.add_argument(
        "--root", type=Path, default=Path.cwd(), help="where downloaded/ and feedback/ are"
    )
    arguments = parser.parse_args()
    target = arguments.root / f"feedback-{arguments.assignment}.zip"
    try:
        count, without = pack_feedback(
            arguments.root, arguments.assignment, arguments.platform, target
        )
    except LookupError as error:
        print(error, file=sys.stderr)
        return 2
    for path in without:
        print(f"{path!r} has no feedback, since it was not graded.")
    print(f"{count} pages: {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
