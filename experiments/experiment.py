"""What the scripts of experiments have in common: running the arms, and writing what came out.

    EXPERIMENT = Experiment(script=__file__, ..., arms=arms)

    if __name__ == "__main__":
        EXPERIMENT.main()

An arm that is finished is kept below `_build/experiments/`, so that a run that was stopped goes
on where it was. What is kept is kept for the same code and version of PyTorch only.
"""

import argparse
import ast
import hashlib
import inspect
import json
import os
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from tqdm import tqdm

from experiments import CARD, CHECKPOINT, RESULT
from tools.dependencies import bare, dependencies

CARD_TEXT = """\
# {name}

{question}

- Data: {data}
- Steps: {steps}
- Seeds: {seeds}
- Time: {seconds:.0f} s on one core
- Machine: {processor}, {cores} cores, of which one is used
- PyTorch {torch}

| arm | time (s) |
|---|---|
{arms}

Made, and made again, by `make experiment NAME={name}`.
"""


class Trained(NamedTuple):
    """What an arm returns that has trained something for further use.

    Args:
        numbers: what would be returned without.
        tensors: what goes into the checkpoint, such as a module's `state_dict()`.
    """

    numbers: Any
    tensors: dict[str, Tensor]


@dataclass(frozen=True)
class Experiment:
    """An experiment: its arms, and what its card says about them.

    Args:
        script: `__file__` of its run.py, which lies in experiments/NAME/.
        question: what it finds out, a sentence.
        data: what the arms train and test on.
        steps: how long they train.
        seeds: what is drawn with which seed.
        arms: a function from `short` to the arms: a name → a function without arguments. It
            returns numbers that JSON knows (also in lists and in dicts by name), or `Trained`. The
            same call gives the same numbers. With `short`, all arms together take some seconds:
            the same code, for fewer steps. An arm that takes `keep` is given the path of a file
            for `lib.training.train`, so that a long arm goes on in its middle, too.
    """

    script: str
    question: str
    data: str
    steps: str
    seeds: str
    arms: Callable[[bool], Mapping[str, Callable[..., Any]]]

    @property
    def path(self) -> Path:
        """The script."""
        return Path(self.script).resolve()

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.path.parent.name

    def main(self) -> None:
        """Run the experiment as the command line says."""
        root = self.path.parents[2]
        parser = argparse.ArgumentParser(description=self.question)
        parser.add_argument(
            "--short", action="store_true", help="take some seconds, to see that the code runs"
        )
        parser.add_argument(
            "--to", type=Path, default=root, help="write there, not into the project's folder"
        )
        options = parser.parse_args()
        if options.short and options.to.resolve() == root:
            parser.error("expected --to FOLDER with --short, whose numbers are no results")
        self.run(short=options.short, to=options.to)

    def run(self, *, to: Path, short: bool = False) -> None:
        """Compute all arms that are not kept from a run that was stopped; write what came out.

        Args:
            to: the folder that gets `experiments/NAME/` with result.json, card.md and, if an arm
                returns `Trained`, checkpoint.safetensors.
            short: run the short version.
        """
        kept = to / "_build" / "experiments" / self.name
        code = code_hash(self.path)
        of_this_code = kept / f"{code}-{torch.__version__}{'-short' if short else ''}"
        arms, finished, tensors = self.arms(short), {}, {}
        with _one_thread():
            for number, (name, arm) in enumerate(tqdm(arms.items(), desc=self.name, unit="arm")):
                file = of_this_code / f"{number}.json"
                if not file.is_file():
                    _compute(name, arm, file)
                finished[name] = json.loads(file.read_text(encoding="utf-8"))
                for key, tensor in load_file(file.with_suffix(".safetensors")).items():
                    tensors[f"{name}/{key}"] = tensor

        made = {
            "seconds": round(sum(arm["seconds"] for arm in finished.values()), 1),
            "processor": _processor(),
            "cores": os.cpu_count(),
            "torch": torch.__version__,
        }
        numbers = {name: arm["numbers"] for name, arm in finished.items()}
        folder = to / "experiments" / self.name
        folder.mkdir(parents=True, exist_ok=True)
        result = json.dumps({"code": code, "made": made, "arms": numbers}, indent=1)
        (folder / RESULT).write_text(f"{result}\n", encoding="utf-8")
        card = CARD_TEXT.format(
            name=self.name,
            question=self.question,
            data=self.data,
            steps="a few, as this is the short version" if short else self.steps,
            seeds=self.seeds,
            arms="\n".join(f"| {name} | {arm['seconds']:.1f} |" for name, arm in finished.items()),
            **made,
        )
        (folder / CARD).write_text(card, encoding="utf-8")
        (folder / CHECKPOINT).unlink(missing_ok=True)
        if tensors:
            save_file(tensors, folder / CHECKPOINT)
        shutil.rmtree(kept)


def code_hash(script: Path) -> str:
    """Hash the code that an experiment runs: its own and, of lib, what it imports.

    Comments, docstrings and layout do not count, as they change no number. Nor does this module.

    Args:
        script: its run.py, in experiments/NAME/ of some project's folder.

    Returns:
        16 hexadecimal digits, the same under different versions of Python.
    """
    root, folder = script.parents[2], script.parent
    source = script.read_text(encoding="utf-8")
    package = f"experiments.{folder.name}"
    used = dependencies(source, root, package, packages=("lib", "experiments"))
    code = {}
    for file in used | {script}:
        is_own_result = file.parent == folder and file.suffix != ".py"
        if file.parent != folder.parent and not is_own_result:
            content = file.read_bytes()
            name = file.relative_to(root).as_posix()
            code[name] = (
                bare(ast.parse(content))
                if file.suffix == ".py"
                else hashlib.sha256(content).hexdigest()
            )
    return hashlib.sha256(json.dumps(code, sort_keys=True).encode()).hexdigest()[:16]


def _compute(name: str, arm: Callable[..., Any], file: Path) -> None:
    """Compute an arm into a file, and into one beside it for its tensors."""
    start = process_time()
    takes_keep = "keep" in inspect.signature(arm).parameters
    outcome = arm(keep=file.with_suffix(".training")) if takes_keep else arm()
    seconds = process_time() - start
    if not isinstance(outcome, Trained):
        outcome = Trained(outcome, {})
    try:
        text = json.dumps({"seconds": seconds, "numbers": outcome.numbers}, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"expected finite numbers, in lists or dicts, from the arm {name!r}, "
            f"got {outcome.numbers!r}"
        ) from error
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file(outcome.tensors, file.with_suffix(".safetensors"))
    # The file appears whole or not at all, wherever the run is stopped.
    draft = file.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute on one thread, as pages do: the order of sums depends on the number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _processor() -> str:
    """The processor's name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
