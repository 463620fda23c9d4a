"""What a student's id may be: the name of a folder in submitted/.

An id becomes a part of paths, of addresses in the formgrader and of lines in CSV files, a word in
reports, and a key in the gradebook. So it begins with a letter or a digit, which keeps spreadsheets
from taking it for a formula and commands from taking it for an option, and holds only characters
that mean nothing in any of these places. Letters of all languages, e-mail addresses and names with
spaces are allowed.
"""

import unicodedata
from collections.abc import Iterable

MAX_LENGTH = 80  # of any language in UTF-8, this fits into a file's name and into the gradebook
MARKS = "._-+@"
RULE = (
    "An id begins with a letter or a digit and has at most "
    f"{MAX_LENGTH} letters, digits, single spaces between them, and {' '.join(MARKS)}. "
    "Choose another name"
)


def problem_with_id(name: str) -> str:
    """A sentence about why a name cannot be a student's id, with what to do, or "".

    Args:
        name: the name, for example "s1234567", "Aiko.Sato-2" or "佐藤 愛子".
    """
    if not name:
        return f"the name is empty, which a student's id cannot be. {RULE}."
    wrong = next((c for c in name if c not in MARKS + " " and not _is_letter_or_digit(c)), "")
    if wrong:
        what = unicodedata.name(wrong, "").lower() or f"the character U+{ord(wrong):04X}"
        shown = f" ({wrong})" if wrong.isprintable() and not wrong.isspace() else ""
        return f"the name holds {what}{shown}, which a student's id may not. {RULE}."
    if unicodedata.normalize("NFKC", name) != name:
        return (
            "the name is written with characters that have a second form in Unicode, so that two "
            "names could look alike. Rename it to "
            f"{unicodedata.normalize('NFKC', name)!r}, typed anew."
        )
    if not _is_letter_or_digit(name[0]) or name[-1] in " ." or "  " in name:
        return f"the name begins, ends or is spaced as a student's id may not. {RULE}."
    if len(name) > MAX_LENGTH:
        return f"the name has {len(name)} characters. {RULE}."
    return ""


def problems_with_ids(names: Iterable[str]) -> dict[str, str]:
    """For each name that cannot be a student's id among these: a sentence about why.

    Names that differ only in upper and lower case are one to some file systems, platforms and
    people, so none of them can be an id.

    Args:
        names: the names of all students' folders.
    """
    problems: dict[str, str] = {}
    alike: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        if problem := problem_with_id(name):
            problems[name] = problem
        else:
            alike.setdefault(name.casefold(), []).append(name)
    for group in alike.values():
        for name in group if len(group) > 1 else ():
            others = ", ".join(other for other in group if other != name)
            problems[name] = (
                f"the name differs from {others} only in upper and lower case. If they are one "
                "student, put the files into one folder; if not, rename one."
            )
    return problems


def _is_letter_or_digit(character: str) -> bool:
    kind = unicodedata.category(character)
    return kind[0] in "LM" or kind == "Nd"  # M: the signs that some scripts add to a letter
