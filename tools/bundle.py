"""Pack what students get, and nothing else, into one archive.

python tools/bundle.py _build/transformer-course.zip
"""

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
HANDOUT = ROOT / "tools" / "handout"
FOLDER = "transformer-course"


def files() -> dict[str, Path]:
    """What goes into the archive: its name there, and where it is here."""
    chosen = [
        *(ROOT / "exercises").glob("*/*.ipynb"),
        *(ROOT / "lib").rglob("*.py"),
        ROOT / "LICENSE",
        ROOT / "LICENSE-text",
    ]
    packed = {path.relative_to(ROOT).as_posix(): path for path in chosen}
    return packed | {path.name: path for path in HANDOUT.iterdir()}


def main() -> None:
    """Write the archive named on the command line."""
    archive = Path(sys.argv[1])
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, path in sorted(files().items()):
            # A fixed date, so that the same content gives the same archive.
            entry = zipfile.ZipInfo(f"{FOLDER}/{name}", date_time=(2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            bundle.writestr(entry, path.read_bytes())
    print(f"{archive}: {len(files())} files")


if __name__ == "__main__":
    main()
