"""Nothing that a student wrote runs in a browser: neither in feedback nor in the formgrader."""

import os
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe
from nbgrader.api import Gradebook

from grader.batch.class_report import write_report
from tests.grader.small_course import NOTEBOOK, WRONG, SmallCourse

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.browser"]

SCRIPT = "document.title = 'owned'; window.owned = true"
HOSTILE = f"""
from IPython.display import HTML, Javascript, display
# <script>{SCRIPT}</script>
'<img src="x" onerror="{SCRIPT}">'
print("<script>{SCRIPT}</script><img src=x onerror=\\"{SCRIPT}\\">")
display(HTML("<script>{SCRIPT}</script>"))
display(Javascript("{SCRIPT}"))
display({{"text/html": "<script>{SCRIPT}</script>", "text/markdown": "<script>{SCRIPT}</script>"}},
        raw=True)
class Wrong:
    def __repr__(self):
        return "<script>{SCRIPT}</script>"
    _repr_html_ = __repr__
def causal_mask(*args, **kwargs):
    raise ValueError("</pre><script>{SCRIPT}</script>[click](javascript:window.owned=1)")
Wrong()
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = SmallCourse(tmp_path_factory.mktemp("course"))
    course.hand_in("eve", HOSTILE)
    course.hand_in("honest", WRONG)
    result = course.grade()
    assert result.returncode == 0, result.stderr
    write_report(course.root, "transformer")
    return course


@pytest.fixture(scope="module")
def page(browser):
    with browser.new_page() as opened:
        yield opened


@pytest.fixture(scope="module")
def server(course):
    """The address of a Jupyter server with the formgrader of the course."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = [f"--port={port}", "--IdentityProvider.token=", "--no-browser", "--allow-root"]
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter", "server", *options],
        cwd=course.root,
        env=os.environ | {"JUPYTER_RUNTIME_DIR": str(course.root / "runtime")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    until = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{address}/api/status", timeout=2).read()
            break
        except OSError:
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.3)
    yield address
    process.terminate()
    process.wait()


def look(page, address):
    page.goto(address, wait_until="load")
    page.wait_for_timeout(500)
    return page.content()


def test_feedback_runs_nothing(course, page):
    path = course.root / "feedback" / "eve" / "transformer" / f"{NOTEBOOK}.html"
    text = look(page, path.as_uri())
    assert "owned" in text, "it is shown"
    assert page.evaluate("window.owned") is None and page.title() != "owned"
    assert page.locator("img[onerror]").count() == 0
    assert page.locator("a[href^='javascript:']").count() == 0


def test_the_formgrader_runs_nothing_and_shows_the_outcome(course, page, server):
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        submission = gradebook.find_submission("transformer", "eve")
        identity = submission.notebooks[0].id
    text = look(page, f"{server}/formgrader/submissions/{identity}")
    assert "owned" in text and "This must hold" in text
    assert page.evaluate("window.owned") is None and page.title() != "owned"
    assert page.locator("img[onerror]").count() == 0
    assert page.locator("a[href^='javascript:']").count() == 0


def test_what_students_read_says_what_is_wrong(course, page):
    path = course.root / "feedback" / "honest" / "transformer" / f"{NOTEBOOK}.html"
    look(page, path.as_uri())
    text = page.inner_text("body")
    assert "What to mend first" in text and "✗" in text and "not passed" in text
    assert "Known mistake: " in text and "Read again: book/transformer/" in text


@pytest.mark.parametrize(
    "path",
    [
        f"feedback/honest/transformer/{NOTEBOOK}.html",
        "feedback/honest/transformer/index.html",
        "report/transformer/index.html",
    ],
)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_pages_are_legible_without_a_network_on_a_desktop_and_on_a_phone(
    course, browser, path, width, scheme
):
    size = {"width": width, "height": 900}
    with browser.new_page(viewport=size, color_scheme=scheme) as page:
        requests, complaints = [], []
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto((course.root / path).as_uri(), wait_until="load")
        assert len(requests) == 1 and not complaints
        widths = page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert widths[0] <= widths[1]
        serious = [
            (rule["id"], [node["html"][:120] for node in rule["nodes"]][:3])
            for rule in Axe().run(page).response["violations"]
            if rule["impact"] in ("serious", "critical")
        ]
        assert not serious
