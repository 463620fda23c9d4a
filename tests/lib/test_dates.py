"""The dates: their formats, their split, their vocabulary."""

import datetime
import re

import pytest
import torch

from lib.data.dates import (
    FORMATS,
    date_vocabulary,
    is_held_out,
    make_date_pairs,
    translate_date,
)

DAY = datetime.date(2026, 11, 24)


def pairs(count: int, seed: int = 0, held_out: bool = False):
    return make_date_pairs(count, generator=torch.Generator().manual_seed(seed), held_out=held_out)


def test_every_format():
    assert {english: translate_date(DAY, english) for english in FORMATS} == {
        "full": ("Tuesday, November 24, 2026", "2026年11月24日火曜日"),
        "EEEE, d MMMM y": ("Tuesday, 24 November 2026", "2026年11月24日火曜日"),
        "EEE, d MMM y": ("Tue, 24 Nov 2026", "2026年11月24日火曜日"),
        "long": ("November 24, 2026", "2026年11月24日"),
        "medium": ("Nov 24, 2026", "2026年11月24日"),
        "d MMMM y": ("24 November 2026", "2026年11月24日"),
        "y-MM-dd": ("2026-11-24", "2026年11月24日"),
        "short": ("11/24/26", "26年11月24日"),
        "d-MMM-yy": ("24-Nov-26", "26年11月24日"),
    }
    assert translate_date(datetime.date(1905, 3, 4), "short") == ("3/4/05", "05年3月4日")
    with pytest.raises(ValueError, match="'weekly'"):
        translate_date(DAY, "weekly")


def test_a_source_has_one_translation():
    """All dates, all formats: no English date stands for two Japanese ones."""
    translation = {}
    for english, japanese in pairs(40_000) + pairs(10_000, held_out=True):
        assert translation.setdefault(english, japanese) == japanese


def test_target_has_what_the_source_has():
    for english, japanese in pairs(2000):
        assert ("曜日" in japanese) == (
            english[:3] in {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
        )
        year = japanese.split("年")[0]
        assert year in english and len(year) in (2, 4)


def test_held_out_days_are_in_no_training_date_however_written():
    training, held_out = pairs(60_000), pairs(5000, held_out=True)
    assert not {english for english, _ in training} & {english for english, _ in held_out}

    def two_digit_dates(pairs):
        return {re.search(r"\d\d年\d+月\d+日", japanese)[0] for _, japanese in pairs}

    assert not two_digit_dates(training) & two_digit_dates(held_out)


def test_one_day_in_ten_is_held_out():
    days = [datetime.date(1900, 1, 1) + datetime.timedelta(days=i) for i in range(73_049)]
    held_out = [day for day in days if is_held_out(day)]
    assert days[-1] == datetime.date(2099, 12, 31)
    assert len(held_out) == pytest.approx(7305, abs=30)
    assert {day.month for day in held_out} == set(range(1, 13))
    assert {day.day for day in held_out} == set(range(1, 32))
    assert {day.weekday() for day in held_out} == set(range(7))


def test_pairs_are_decided_by_the_generator_alone():
    state = torch.get_rng_state()
    assert pairs(50, 1) == pairs(50, 1) != pairs(50, 2)
    assert torch.equal(torch.get_rng_state(), state)
    assert pairs(0) == []


def test_all_formats_are_equally_frequent():
    short = sum("/" in english for english, _ in pairs(20_000)) / 20_000
    assert abs(short - 1 / 9) < 6 * (1 / 9 * 8 / 9 / 20_000) ** 0.5


def test_vocabulary_goes_there_and_back():
    vocabulary = date_vocabulary()
    assert len(vocabulary) == len(vocabulary.characters) + 3 == 55
    for text in ("Tuesday, November 24, 2026", "2026年11月24日火曜日"):
        ids = vocabulary.encode(text)
        assert ids[-1] == vocabulary.eos_id and min(ids[:-1]) > 2 and len(ids) == len(text) + 1
        assert vocabulary.decode(ids) == text
        padded = torch.tensor([vocabulary.bos_id, *ids, vocabulary.pad_id, 5])
        assert vocabulary.decode(padded) == text
    for english, japanese in pairs(3000) + pairs(1000, held_out=True):
        vocabulary.encode(english + japanese)
