"""What every test may ask for: real servers, real workers, a real browser.

PostgreSQL and the broker come from the environment that `run.py test` makes. In CI a skipped test is a failure.
"""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.test import TransactionTestCase
from hypothesis import settings as hypothesis_settings

from agencies.models.scheme import forget_specs
from tests import kept
from tests.processes import Broker, Workers

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# Playwright keeps an event loop in the test's own thread, which Django would take for an async view.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# A busy machine is no failure of a property; in CI the same examples are tried each time.
hypothesis_settings.register_profile("portal", deadline=None, derandomize=os.environ.get("CI") == "true")
hypothesis_settings.load_profile("portal")

# Milliseconds. A busy machine is no failure of a page.
PATIENCE = 30_000

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_configure(config: pytest.Config) -> None:
    """Processes of a parallel run must not take each other's messages: each has its own database of the broker."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    url = os.environ.get("CELERY_BROKER_URL", "")
    if worker and url:
        base, _, number = url.rpartition("/")
        os.environ["CELERY_BROKER_URL"] = f"{base}/{int(number or 0) + 1 + int(worker.removeprefix('gw'))}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long tests come first: at the end nobody waits for one of them, and meanwhile others work while it waits."""
    items.sort(key=lambda item: item.get_closest_marker("flow") is None)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing may be skipped: what was not tested is not known to work."""
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if os.environ.get("CI") == "true" and skipped and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database holds the regions, schemes, offices and calendars as they ship, for every test."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        call_command("load_region", verbosity=0)
        call_command("load_calendar", verbosity=0)
        kept.keep()
        # Django would leave the tables empty after a test that commits.
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda test: kept.restore())
        yield


@pytest.fixture(autouse=True)
def new_process() -> None:
    """Each test counts its queries as in a process that has parsed no scheme yet."""
    forget_specs()


@pytest.fixture
def directory(db: None) -> None:
    """The directory of regions, schemes, offices and calendars, which a test that names it needs."""


@pytest.fixture(scope="session")
def _broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    broker = Broker(tmp_path_factory.mktemp("broker"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def broker(_broker: Broker) -> Broker:
    """A broker of the tests' own, empty and running; a test may `stop` and `start` it."""
    _broker.empty()
    return _broker


@pytest.fixture
def workers(transactional_db: None, broker: Broker) -> Iterator[Workers]:
    """The relay and the Celery workers as real processes on the test's database; `workers.start()` starts them."""
    workers = Workers(broker)
    yield workers
    workers.stop()


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but PostgreSQL can be reached, whose driver opens its own sockets: no broker, no cache, no other system."""

    def refuse(own: socket.socket, address: Any) -> None:
        raise ConnectionRefusedError(f"somebody called {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if not Path(path).exists():
        pytest.skip("没有 Chromium，浏览器测试没有运行")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


class Breaches(list[str]):
    """What a page did against its content security policy, and errors of its scripts."""

    @contextmanager
    def of_the_tool(self, page: "Page") -> Iterator[None]:
        """Within: axe and the camera set styles in the page, which the policy forbids; that is not the page's doing."""
        page.wait_for_load_state()
        count = len(self)
        yield
        page.wait_for_timeout(100)  # messages under way still arrive
        del self[count:]


@pytest.fixture
def breaches() -> Breaches:
    return Breaches()


@pytest.fixture
def page(
    browser: "Browser", live_server: Any, breaches: Breaches, picture: Callable[["Page", str], None], request: Any
) -> Iterator["Page"]:
    """A Chinese browser on the live server. Fails if a page asks another server, breaks its policy or its script.

    With PORTAL_PICTURES=folder the page's last state is left there as a picture named after the test.
    """
    context = browser.new_context(locale="zh-CN", base_url=live_server.url, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    foreign: list[str] = []
    own = (live_server.url, "data:")
    page.on("request", lambda seen: None if seen.url.startswith(own) else foreign.append(seen.url))
    page.on("console", lambda line: breaches.append(line.text) if "Content Security Policy" in line.text else None)
    page.on("pageerror", lambda error: breaches.append(str(error)))
    yield page
    picture(page, request.node.name)
    context.close()
    assert foreign == []
    assert breaches == []


@pytest.fixture
def picture(breaches: Breaches) -> Callable[["Page", str], None]:
    """Leaves a picture of the page as it is now, if PORTAL_PICTURES names a folder."""

    def take(page: "Page", name: str) -> None:
        if folder := os.environ.get("PORTAL_PICTURES"):
            with breaches.of_the_tool(page):
                page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    return take


@pytest.fixture
def assert_accessible(breaches: Breaches) -> Callable[["Page"], None]:
    """Fails with axe's findings about the page, or with an ARIA reference to an id that is not on it."""
    from axe_playwright_python.sync_playwright import Axe

    dangling = """() => [...document.querySelectorAll('[aria-describedby],[aria-labelledby],[aria-controls],label[for]')]
        .flatMap(e => ['aria-describedby', 'aria-labelledby', 'aria-controls', 'for']
            .flatMap(name => (e.getAttribute(name) || '').split(/\\s+/).filter(Boolean)))
        .filter(id => !document.getElementById(id))"""

    def check(page: "Page") -> None:
        with breaches.of_the_tool(page):
            results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        assert page.evaluate(dangling) == []

    return check
