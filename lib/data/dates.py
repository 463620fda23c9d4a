"""Dates in English and in Japanese, from Unicode CLDR (through Babel): a small real translation.

    Tuesday, November 24, 2026 → 2026年11月24日火曜日

The word order turns round, months become numbers and English writes a date in many ways, so
there is something to learn; and there is one right answer, so it can be counted.

The source determines the target. A weekday is in the target only if it is in the source, a year
has two digits there if it has two in the source, and a date written with slashes is always
American, month first.
"""

import datetime
import functools

import torch
from babel.dates import format_date

from lib.data.vocabulary import CharacterVocabulary

FIRST_DAY = datetime.date(1900, 1, 1)
LAST_DAY = datetime.date(2099, 12, 31)

# English format → Japanese format, as names and patterns of CLDR. In English, full, long, medium
# and short stand for "Tuesday, November 24, 2026", "November 24, 2026", "Nov 24, 2026" and
# "11/24/26"; in Japanese, full and long stand for "2026年11月24日火曜日" and "2026年11月24日".
FORMATS = {
    "full": "full",
    "EEEE, d MMMM y": "full",
    "EEE, d MMM y": "full",
    "long": "long",
    "medium": "long",
    "d MMMM y": "long",
    "y-MM-dd": "long",
    "short": "yy年M月d日",
    "d-MMM-yy": "yy年M月d日",
}


def make_date_pairs(
    count: int, *, generator: torch.Generator, held_out: bool = False
) -> list[tuple[str, str]]:
    """Draw dates from 1900 to 2099, each written in one of nine English formats.

    One day in ten is held out, in every format: a model trained on the other days has never
    seen the date it is tested on, however written. Days a hundred years apart share a side, since
    a two-digit year cannot tell them apart.

    Args:
        count: number of pairs; a pair may come twice.
        generator: draws days and formats.
        held_out: True for the days to test on, False for those to train on.

    Returns:
        Pairs of an English date and its Japanese translation.
    """
    days = _days(held_out)
    english_formats = tuple(FORMATS)
    chosen_days = torch.randint(len(days), (count,), generator=generator).tolist()
    chosen_formats = torch.randint(len(english_formats), (count,), generator=generator).tolist()
    return [
        translate_date(days[i], english_formats[j])
        for i, j in zip(chosen_days, chosen_formats, strict=True)
    ]


def translate_date(day: datetime.date, english_format: str) -> tuple[str, str]:
    """Write a day in English, in one of `FORMATS`, and in Japanese.

    Args:
        day: the day.
        english_format: a key of `FORMATS`.

    Returns:
        The English and the Japanese date.

    Raises:
        ValueError: if the format is not in `FORMATS`.

    Examples:
        >>> translate_date(datetime.date(2026, 11, 24), "full")
        ('Tuesday, November 24, 2026', '2026年11月24日火曜日')
        >>> translate_date(datetime.date(2026, 11, 24), "short")
        ('11/24/26', '26年11月24日')
    """
    if english_format not in FORMATS:
        raise ValueError(f"expected a format of {list(FORMATS)}, got {english_format!r}")
    return (
        format_date(day, english_format, locale="en_US"),
        format_date(day, FORMATS[english_format], locale="ja_JP"),
    )


def is_held_out(day: datetime.date) -> bool:
    """Whether a day is kept for testing: one in ten, by its two-digit year, month and day."""
    return (31 * (12 * (day.year % 100) + day.month) + day.day) % 10 == 0


@functools.cache
def date_vocabulary() -> CharacterVocabulary:
    """The vocabulary of all dates, English and Japanese, the same whatever dates were drawn."""
    # These 34 days have every month and weekday in them, and every digit.
    some_days = [datetime.date(2026, 1, 1) + datetime.timedelta(days=i) for i in range(0, 365, 11)]
    return CharacterVocabulary(
        text
        for day in some_days
        for english_format in FORMATS
        for text in translate_date(day, english_format)
    )


@functools.cache
def _days(held_out: bool) -> list[datetime.date]:
    count = (LAST_DAY - FIRST_DAY).days + 1
    days = (FIRST_DAY + datetime.timedelta(days=i) for i in range(count))
    return [day for day in days if is_held_out(day) == held_out]
