"""Naming a mistake: an answer that shows what a known mistake shows is taken for it."""

from grader.judging.job import Outcome

Symptoms = dict[str, str]  # by the id of a graded cell; "" if it passes


def symptom(outcome: Outcome) -> str:
    """What a failed test shows, so that equal texts mean equal results; "" if it passed."""
    if outcome.failure is None:
        return outcome.error
    detail = [line for line in outcome.failure.detail if not line.startswith("in line ")]
    return "\n".join([outcome.failure.must_hold, outcome.failure.step, *detail])


def name_mistakes(shown: Symptoms, known: dict[str, Symptoms]) -> tuple[str, ...]:
    """The sentences of the known mistakes that show what an answer shows.

    Args:
        shown: the symptoms of an answer, in the order of the cells.
        known: those of the mistakes, by sentence.
    """
    if not any(shown.values()):
        return ()
    same = [sentence for sentence, symptoms in known.items() if symptoms == shown]
    # Where an answer has several faults, the last test that shows a known one decides.
    for cell in reversed(shown):
        if not same and shown[cell]:
            same = [s for s, symptoms in known.items() if symptoms.get(cell) == shown[cell]]
    return tuple(same)
