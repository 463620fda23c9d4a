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
    """The sentences of the known mistakes that have the same symptoms as an answer.

    Args:
        shown: the symptoms of an answer, in the order of the cells.
        known: the symptoms of the known mistakes, by sentence.
    """
    if not any(shown.values()):
        return ()
    same = [sentence for sentence, symptoms in known.items() if symptoms == shown]
    # An answer with several mistakes may equal no single one. Then the last test decides whose
    # symptom is that of a known mistake.
    for cell in reversed(shown):
        if not same and shown[cell]:
            same = [s for s, symptoms in known.items() if symptoms.get(cell) == shown[cell]]
    return tuple(same)
