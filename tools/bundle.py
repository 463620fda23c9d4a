"""Pack what students get of each part, and nothing else, into an archive.

    python -m tools.bundle _build transformer

writes _build/transformer-course.zip with the part's released notebooks and the files beside them,
`lib`, `checking`, and other files that the notebooks need, such as an experiment's checkpoint. A
part that needs more packages than the others lists them in solutions/PART/requirements.txt.
"""

import sys
import zipfile
from pathlib import Path

from tools.dependencies import code_of, dependencies

ROOT = Path(__file__).parents[1]
HANDOUT = ROOT / "tools" / "handout"
REQUIREMENTS = "requirements.txt"


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
    used = dependencies("\n".join(map(code_of, notebooks)), ROOT)
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
    for path in HANDOUT.iterdir():
        text = path.read_text(encoding="utf-8")
        text = text.replace("@PART@", part).replace("@FIRST@", notebooks[0].stem)
        packed[path.name] = text.encode()
    requirements_of_part = packed.pop(f"exercises/{part}/{REQUIREMENTS}", b"")
    packed[REQUIREMENTS] += requirements_of_part
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


if __name__ == "__main__":
    main()
