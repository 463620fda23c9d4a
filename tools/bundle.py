"""Pack what students get of each part, and nothing else, into an archive.

    python -m tools.bundle _build transformer

writes _build/transformer-course.zip with the part's released notebooks and the files beside them,
`lib`, `checking`, and other files that the notebooks or the part's pages need, such as an
experiment's checkpoint. A part that needs more packages than the others lists them in
solutions/PART/requirements.txt.

The notebooks link to their pages: to the published book, if `_config.yml` names a repository, or
else to `pages/` in the archive, which then holds the built book.
"""

import hashlib
import json
import posixpath
import sys
import zipfile
from pathlib import Path
from typing import Any

from grader.addresses import published_book, with_page_links
from tools.dependencies import code_of, dependencies

ROOT = Path(__file__).parents[1]
HANDOUT = ROOT / "tools" / "handout"
REQUIREMENTS = "requirements.txt"
PAGES = "pages"  # the built book's folder in the archive
IN_ARCHIVE = f"They are in `{PAGES}/`: open `{PAGES}/index.html` in a browser."
NOT_HERE = "Your teacher tells you where they are."


def files(part: str) -> dict[str, bytes]:
    """The files of a part's archive: the content of each by its name in the archive.

    Raises:
        LookupError: if the part has no released notebooks.
    """
    released = ROOT / "exercises" / part
    notebooks = sorted(released.glob("*.ipynb"))
    if not notebooks:
        raise LookupError(f"expected notebooks in {released}, found none: run make exercises")
    pieces = ROOT / "checking" / "pieces" / f"{part}.py"
    of_part = [*notebooks, *sorted((ROOT / "book" / part).glob("*.md"))]
    used = set().union(*(dependencies(code_of(path), ROOT) for path in of_part))
    chosen = {
        *(path for path in released.rglob("*") if path.is_file()),
        *(ROOT / "lib").rglob("*.py"),
        *(ROOT / "checking").glob("*.py"),
        *(ROOT / "checking" / "pieces" / name for name in ("__init__.py", "piece.py")),
        *([pieces] if pieces.is_file() else []),
        *used,
        ROOT / "LICENSE",
        ROOT / "LICENSE-text",
    }
    packed = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in chosen}
    pages = {} if published_book() else built_pages(ROOT / "_build" / "html")
    book = published_book() or (f"../../{PAGES}/" if pages else "")
    for notebook in notebooks:
        packed[notebook.relative_to(ROOT).as_posix()] = linked(notebook, book)
    packed |= pages
    where = f"They are on {book}." if published_book() else IN_ARCHIVE if pages else NOT_HERE
    for path in HANDOUT.iterdir():
        text = path.read_text(encoding="utf-8").replace("@PAGES@", where)
        text = text.replace("@PART@", part).replace("@FIRST@", notebooks[0].stem)
        packed[path.name] = text.encode()
    requirements_of_part = packed.pop(f"exercises/{part}/{REQUIREMENTS}", b"")
    packed[REQUIREMENTS] += requirements_of_part
    return packed


def linked(notebook: Path, book: str) -> bytes:
    """A released notebook with links to its pages, see `with_page_links`."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        text = "".join(cell["source"])
        changed = with_page_links(text, book) if cell["cell_type"] == "markdown" else text
        if changed != text:
            cell["source"] = changed.splitlines(keepends=True)
            about = cell["metadata"].get("nbgrader", {})
            if "checksum" in about:
                about["checksum"] = _checksum(cell, changed)
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def _checksum(cell: dict[str, Any], source: str) -> str:
    """nbgrader's checksum of a text cell without points, by which it sees that none was changed.

    Here, since an archive is made where nbgrader is not installed, too.
    """
    about = cell["metadata"]["nbgrader"]
    flags = [str(about.get(name, False)) for name in ("grade", "solution", "locked")]
    text = "".join([source, cell["cell_type"], *flags, about["grade_id"]])
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def built_pages(html: Path) -> dict[str, bytes]:
    """The files of the built book by their names in the archive; none if it is not built.

    Its links to exercises lead to the archive's own notebooks, not to the book's copies.
    """
    packed = {}
    for path in html.rglob("*"):
        name = path.relative_to(html).as_posix()
        if not path.is_file() or name.startswith("exercises/"):
            continue
        content = path.read_bytes()
        if path.suffix == ".html":
            up = posixpath.relpath(".", posixpath.dirname(name))  # from the page to the book's top
            here, there = f'href="{up}/exercises/', f'href="{up}/../exercises/'
            content = content.replace(here.encode(), there.encode())
        packed[f"{PAGES}/{name}"] = content
    return packed


def main() -> None:
    """Write the archives; the command line names the folder to write to, and the parts."""
    folder, parts = Path(sys.argv[1]), sys.argv[2:]
    folder.mkdir(parents=True, exist_ok=True)
    for part in parts:
        packed, archive = files(part), folder / f"{part}-course.zip"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, content in sorted(packed.items()):
                # A fixed date, so that the same content gives the same archive.
                entry = zipfile.ZipInfo(f"{part}-course/{name}", date_time=(2026, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                bundle.writestr(entry, content)
        print(f"{archive}: {len(packed)} files")
        if not published_book() and f"{PAGES}/index.html" not in packed:
            print("The book's pages are not in it, since the book is not built: run make book.")


if __name__ == "__main__":
    main()
