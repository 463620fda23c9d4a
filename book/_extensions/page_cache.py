"""Execute the book's pages in parallel, and never show outputs of older code.

jupyter-cache identifies a page by its code cells alone: after a change in `lib` it would still use
the outputs of the old code. So each page gets a cache folder of its own here, named by a hash of
all that its outputs depend on: its code cells, the modules that it imports (directly or through
others), the data files that these name, the locked versions of packages, and the version of Python.
Changed code has another folder, so outdated outputs cannot be found, even after builds that were
interrupted and changes that were undone. A page is executed if its folder lacks the file that marks
a finished run.

What a page depends on is read from its source; see `tools.dependencies`.

All checkouts on a machine share one folder of caches, since equal hashes mean equal outputs:
`~/.cache/transformer-course`, or the folder that COURSE_CACHE names.
"""

import hashlib
import json
import logging
import os
import platform
import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from docutils import nodes
from IPython.core.inputtransformer2 import TransformerManager
from jupyter_cache import get_cache
from myst_nb.core.execute import create_client
from myst_nb.core.read import create_nb_reader
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError
from sphinx.util.logging import SphinxLoggerAdapter, getLogger

from tools.dependencies import bare, dependencies, parse

LOGGER = getLogger(__name__)
# Discards what myst-nb logs while it executes a page, which would come from several threads and
# without the page's name. `execute_pages` reports the same, page by page.
SILENT = SphinxLoggerAdapter(logging.Logger("silent", level=logging.CRITICAL + 1), {})

LOCK = "requirements.lock"
FINISHED = "finished.txt"
RUNS_KEPT = 8  # finished runs of each page that stay in the cache, the newest ones


class PageError(SphinxError):
    """A code cell of a page has failed."""

    category = "Page failed"


@dataclass(frozen=True)
class Page:
    """A page with code cells, and the cache folder that holds its outputs."""

    docname: str
    path: str
    notebook: NotebookNode
    read_format: dict | None
    cache: Path

    @property
    def finished(self) -> bool:
        """Whether the cache holds the outputs of a run that reached the page's end."""
        return (self.cache / FINISHED).is_file()

    def seconds_last_time(self) -> float:
        """Seconds that the page has taken at most in earlier runs.

        Without an earlier run, it is infinity for a part's lab, which trains a model, and 0 for
        other pages. Pages that take long start first, so that none runs alone at the end.
        """
        marks = list(self.cache.parent.glob(f"*/{FINISHED}"))
        if marks:
            return max(float(mark.read_text(encoding="utf-8")) for mark in marks)
        return float("inf") if "/lab-" in self.docname else 0.0


def page_key(notebook: NotebookNode, root: Path) -> str:
    """A hash of everything on which the notebook's outputs depend."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    # IPython turns its %magics into Python, which can then be parsed.
    source = "\n".join(TransformerManager().transform_cell(cell) for cell in cells)
    lock = root / LOCK
    files = {
        file.relative_to(root).as_posix(): _digest(file)
        for file in sorted(dependencies(source, root) | ({lock} if lock.is_file() else set()))
    }
    everything = [platform.python_version(), notebook.metadata.get("kernelspec"), cells, files]
    return hashlib.sha256(json.dumps(everything).encode()).hexdigest()[:16]


def _digest(file: Path) -> str:
    """Hash a file; of a module only the code, as docstrings and comments change no output."""
    content = file.read_bytes()
    if file.suffix == ".py":
        content = json.dumps(bare(parse(content.decode("utf-8")))).encode()
    return hashlib.sha256(content).hexdigest()


def read_page(env: BuildEnvironment, docname: str) -> Page | None:
    """Read a page as myst-nb does; return None if it has no code cells."""
    path = str(env.doc2path(docname))
    content = Path(path).read_text(encoding="utf-8")
    reader = create_nb_reader(path, env.myst_config, env.mystnb_config, content)
    if reader is None:
        return None
    notebook = reader.read(content)
    key = page_key(notebook, Path(env.srcdir))
    return Page(docname, path, notebook, reader.read_fmt, caches() / "pages" / docname / key)


def caches() -> Path:
    """The folder with all caches on this machine."""
    return Path(os.environ.get("COURSE_CACHE") or Path.home() / ".cache" / "transformer-course")


def find_stale_pages(app: Sphinx, env: BuildEnvironment, *_changes: set[str]) -> list[str]:
    """Return the names of the pages that Sphinx has last read with outputs of other code.

    Which cache each page was read with is stored in Sphinx's environment. Sphinx writes that only
    after it has read all pages, so a build that ends early leaves the old record.
    """
    caches_read = getattr(env, "page_caches", {})
    pages = [read_page(env, docname) for docname in sorted(env.found_docs)]
    env.page_caches = {page.docname: page.cache for page in pages if page}
    return [name for name, cache in env.page_caches.items() if caches_read.get(name) != cache]


def prepare_kernels(profiles: Path) -> None:
    """Set the environment that kernels inherit: one thread, and an IPython profile of the build.

    Args:
        profiles: the folder for the profile.
    """
    # The kernels share the cores, and a page's numbers must not depend on the number of cores.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # `make` sets this for the course's own code; packages would then warn in the pages' outputs.
    os.environ.pop("PYTHONWARNDEFAULTENCODING", None)
    # ipykernel warns at every start that local connections are not encrypted.
    config = profiles / "profile_default" / "ipython_kernel_config.json"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(json.dumps({"IPKernelApp": {"log_level": "ERROR"}}), encoding="utf-8")
    os.environ["IPYTHONDIR"] = str(profiles)


def execute_page(page: Page, env: BuildEnvironment) -> float:
    """Execute a page into its cache folder; return how many seconds that took."""
    start = time.monotonic()
    # The folder's name is the process's own: another build may execute the same page meanwhile.
    draft = page.cache.with_name(f".{page.cache.name}-{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    config = env.mystnb_config.copy(execution_cache_path=str(draft))
    with create_client(page.notebook, page.path, config, SILENT, page.read_format):
        seconds = time.monotonic() - start
        (draft / FINISHED).write_text(f"{seconds:.2f}", encoding="utf-8")
    if not page.finished:
        shutil.rmtree(page.cache, ignore_errors=True)
        draft.rename(page.cache)
    shutil.rmtree(draft, ignore_errors=True)
    marks = sorted(page.cache.parent.glob(f"*/{FINISHED}"), key=lambda mark: mark.stat().st_mtime)
    for mark in marks[:-RUNS_KEPT]:
        shutil.rmtree(mark.parent, ignore_errors=True)
    return seconds


def execute_pages(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Execute in parallel the pages that Sphinx will read and whose outputs are not cached."""
    pages = [read_page(env, name) for name in docnames if name in env.page_caches]
    pages = [page for page in pages if not page.finished]
    if not pages:
        return
    pages.sort(key=Page.seconds_last_time, reverse=True)
    prepare_kernels(Path(app.outdir).parent / "ipython")
    workers = os.cpu_count() or 1
    LOGGER.info(f"executing {len(pages)} pages, {workers} at a time")
    errors = []
    pool = ThreadPoolExecutor(workers)
    try:
        futures = {pool.submit(execute_page, page, env): page for page in pages}
        for number, future in enumerate(as_completed(futures), start=1):
            page, error = futures[future], future.exception()
            result = f"FAILED: {error}" if error else f"{future.result():.1f} s"
            LOGGER.info(f"[{number}/{len(pages)}] {page.docname}  {result}")
            if error:
                errors.append(f"{page.docname}\n{readable(error)}")
    except KeyboardInterrupt:
        # Ctrl-C does not reach the kernels, and Python would wait until they have finished.
        pool.shutdown(wait=False, cancel_futures=True)
        for kernel in psutil.Process().children():
            kernel.terminate()
        raise
    pool.shutdown()
    if errors:
        raise PageError("\n\n".join(errors))


def readable(error: BaseException) -> str:
    """Return the message of a failed cell, without colour codes for terminals."""
    return re.sub(r"\x1b\[[\d;]*m", "", str(error.__cause__ or error))


def use_cache_of_page(app: Sphinx, docname: str, _content: list[str]) -> None:
    """Set the cache folder that myst-nb uses to that of the page that it reads next."""
    if docname in app.env.page_caches:
        cache = str(app.env.page_caches[docname])
        app.env.mystnb_config = app.env.mystnb_config.copy(execution_cache_path=cache)


def keep_outputs(app: Sphinx, _doctree: nodes.document) -> None:
    """Put the outputs into the notebook that myst-nb has just written below `jupyter_execute`.

    myst-nb shows the outputs that it finds in a cache, but writes the notebook without them.
    """
    cache = app.env.page_caches.get(app.env.docname)
    if cache is not None:
        path = Path(app.outdir).parent / "jupyter_execute" / f"{app.env.docname}.ipynb"
        # The metadata of the cells are not taken from the cache, where tags may be outdated.
        _, notebook = get_cache(cache).merge_match_into_notebook(
            nbformat.read(path, 4), cell_meta=()
        )
        nbformat.write(notebook, path)


def note_caches(app: Sphinx, exception: Exception | None) -> None:
    """Write a file with the cache folder of each page, for `tools/prove_pages.py`."""
    if exception is None:
        found = {name: str(cache) for name, cache in app.env.page_caches.items()}
        path = Path(app.outdir).parent / "page-caches.json"
        path.write_text(json.dumps(found), encoding="utf-8")


def forget_faulty_build(app: Sphinx, _exception: Exception | None) -> None:
    """After a build with warnings, make the next one read every page again.

    Sphinx warns only about pages that it reads or writes, so without this the same command would
    pass when it is repeated.
    """
    if app._warncount:
        Path(app.doctreedir, "environment.pickle").unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("env-get-outdated", find_stale_pages)
    app.connect("env-before-read-docs", execute_pages)
    app.connect("source-read", use_cache_of_page)
    app.connect("doctree-read", keep_outputs)
    app.connect("build-finished", note_caches)
    app.connect("build-finished", forget_faulty_build)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
