"""The filter of system calls: what answers need works, and what others could notice is refused."""

import platform

import pytest

from grader.border import Border, Gone
from grader.judging.judge import judge
from grader.notebooks import code_cells
from tests.exercises.running import ROOT, read

NOTEBOOKS = sorted(ROOT.glob("solutions/*/*.ipynb"))


@pytest.fixture
def run(sandbox, lacking):
    """Return a function that runs a cell behind the walls and returns what it prints."""
    if lacking:
        pytest.skip(f"no sandbox here: {lacking}")

    def run_cell(source):
        border = Border(sandbox.start(), trusting=False, seconds=60)
        error, printed = border.root.run(source)
        assert not error, error
        return printed

    yield run_cell
    sandbox.stop()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_reference_passes_behind_the_walls(path, sandbox):
    notebook = read(path)
    cells = [c for c in code_cells(notebook) if c.metadata.nbgrader.get("solution")]
    answers = {cell.metadata.nbgrader.grade_id: (cell.source,) for cell in cells}
    outcomes = judge(notebook, answers, sandbox)
    assert not {cell: outcome.error for cell, outcome in outcomes.items() if not outcome.passed}


USES = {
    "numpy": "import numpy as np\nnp.save('a.npy', np.linalg.svd(np.eye(50))[0])\n"
    "assert np.load('a.npy', mmap_mode='r').shape == (50, 50)",
    "torch": "import torch\nfrom torch import nn\n"
    "nn.Conv2d(3, 8, 3)(torch.ones(2, 3, 32, 32)).sum().backward()\n"
    "nn.LSTM(4, 4)(torch.ones(3, 2, 4))\ntorch.linalg.eigh(torch.eye(5))\n"
    "torch.save(torch.ones(3), 'm.pt')\nassert torch.load('m.pt', mmap=True).sum() == 3",
    "more threads": "import torch\ntorch.set_num_threads(4)\n"
    "x = torch.ones(2**21, requires_grad=True)\n"
    "(x.exp().sum() + (torch.ones(512, 512) @ torch.ones(512, 512)).sum()).backward()",
    "matplotlib": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.savefig('x.png')\n"
    "plt.show()",
    "files": "import pathlib, shutil, tempfile, zipfile\n"
    "with tempfile.TemporaryDirectory() as d:\n"
    "    pathlib.Path(d, 'a').write_text('x')\n    shutil.copy2(f'{d}/a', f'{d}/b')\n"
    "    shutil.copytree(d, f'{d}2')\n    zipfile.ZipFile('z.zip', 'w').write(f'{d}/b')\n"
    "with tempfile.NamedTemporaryFile() as f: f.write(b'x')",
    "asyncio": "import asyncio\nasyncio.run(asyncio.sleep(0.01))",
    "sqlite": "import sqlite3\nsqlite3.connect(':memory:').execute('create table a (x)')",
    "progress": "import tqdm, time\nfor _ in tqdm.tqdm(range(3)): time.sleep(0.001)",
    "descriptors": "import os\nos.dup(0)\nassert not os.isatty(0)\nos.set_blocking(0, True)\n"
    "open('/dev/null', 'w').close()\nassert len(open('/dev/urandom', 'rb').read(9)) == 9",
}


@pytest.mark.parametrize("what", USES)
def test_what_answers_use_works(what, run):
    run(USES[what])


# Each prints what it got where it is not refused. Of all of these, another submission that reads
# the same library could notice something, but for the last two, which are ways out.
NOTICED = {
    "lock": "import fcntl\nprint(fcntl.flock(file, fcntl.LOCK_EX))",
    "lock of a part": "import fcntl\nprint(fcntl.lockf(file, fcntl.LOCK_SH))",
    "lock of a description": "import fcntl, struct\n"
    "print(fcntl.fcntl(file, 37, struct.pack('hhqqi', 0, 0, 0, 0, 0)))",
    "advice": "print(os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED))",
    "reading ahead": "made(libc.readahead(file, 0, 4096))",
    "watch": "made(libc.inotify_init1(0))",
    "what is in memory": "made(libc.mincore(page, size, ctypes.create_string_buffer(1)))",
    "paging out": "made(libc.madvise(page, size, 21))",
    "shared futex": "made(libc.syscall(futex, page, 1, 1, None, None, 0))",
    "load": "print(open('/proc/loadavg').read())",
    "memory": "print(open('/proc/meminfo').read())",
    "processors": "print(open('/proc/stat').read())",
    "terminals": "print(os.listdir('/dev/pts'))",
    "a terminal": "print(os.openpty())",
    "being dumped": "made(libc.prctl(4, 1, 0, 0, 0))",
    "a program": "libc.execv(b'/nowhere', None)\nmade(0 if ctypes.get_errno() == 2 else -1)",
}
BEFORE = """
import ctypes, os, platform, torch
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
size = ctypes.c_size_t(4096)
futex = {"x86_64": 202}.get(platform.machine(), 98)
file = os.open(torch.__file__, os.O_RDONLY)
page = ctypes.c_void_p(libc.mmap(None, size, 1, 1, file, ctypes.c_long(0)))
def made(result):
    if result >= 0: print(result)
try:
"""


@pytest.mark.parametrize("what", NOTICED)
def test_what_others_could_notice_is_refused(what, run):
    attempt = NOTICED[what].replace("\n", "\n    ")
    assert run(f"{BEFORE}    {attempt}\nexcept OSError: pass") == ""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="these are calls of the x86 family")
@pytest.mark.parametrize(
    "call",
    [
        "ctypes.CDLL(None).syscall(0x40000000 + 39)",  # x32
        # getpid of 32 bits: mov eax, 20; int 0x80; ret
        "import mmap\nm = mmap.mmap(-1, 4096, prot=7)\nm.write(bytes.fromhex('b814000000cd80c3'))\n"
        "ctypes.CFUNCTYPE(int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()",
    ],
    ids=["x32", "32 bits"],
)
def test_calls_of_another_processor_end_the_process(call, run):
    with pytest.raises(Gone):
        run(f"import ctypes\n{call}")
