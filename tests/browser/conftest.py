"""A real Chromium, as it is installed on the machine; the tests say so where there is none."""

import os
import re
import shutil
import threading

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
LONGEST_ANSWER = 5  # seconds


def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM:
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(scope="session")
def chromium():
    # Playwright runs an event loop in this thread, where Django would refuse to touch the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def visit(chromium, transactional_db, live_server):
    """Opens an address of the portal in a new page; at the end nothing may have gone wrong in the browser."""
    complaints, contexts = [], []

    def open_page(address="/", width=390, **options):
        context = chromium.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 844}, reduced_motion="reduce", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: m.type in ("error", "warning") and complaints.append(f"{page.url}: {m.text}"))
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        own = (live_server.url, f"blob:{live_server.url}")
        page.on("request", lambda r: r.url.startswith(own) or complaints.append(f"foreign: {r.url}"))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    for thread in threading.enumerate():  # what is still being answered must not meet tables that are being emptied
        if "process_request_thread" in thread.name:
            thread.join(timeout=LONGEST_ANSWER)
    assert not complaints


@pytest.fixture
def slow_script():
    """Opens an address in a page while a script of it is still on its way; what is returned lets it come."""

    def open_without(page, address, script):
        held = []
        page.route(re.compile(rf"/js/{script}\b"), lambda route: held.append(route))
        with page.expect_request(lambda request: f"/js/{script}" in request.url):
            page.goto(address, wait_until="commit")
        return lambda: held.pop().continue_()

    return open_without
