"""Naming a mistake: an answer with the same symptoms as a known mistake is taken for it."""

from grader.judging.job import Outcome

Symptoms = dict[str, str]  # by the id of a graded cell; "" if it passes


def symptom(outcome: Outcome) -> str:
    """A text about a failed test that is equal for equal results; "" if the test passed."""
    if outcome.failure is None:
        return outcome.error
    detail = [line for line in outcome.failure.detail if not line.startswith("in line ")]
    return "\n".join([outcome.failure.must_hold, outcome.failure.step, *detail])


def name_mistakes(shown: Symptoms, known: dict[str, Symptoms]) -> tuple[str, ...]:
    """The sentences of the known mistakes with the same symptoms as an answer in all its tests.

    A wrong name is worse than none: an answer that equals a known mistake in one test alone is most
    often something else.

    Args:
        shown: the symptoms of an answer in the tests that mention it.
        known: the symptoms of the known mistakes, by sentence.
    """
    if not any(shown.values()):
        return ()
    return tuple(
        sentence
        for sentence, symptoms in known.items()
        if all(symptoms.get(cell) == text for cell, text in shown.items())
    )
