"""Chromium for tests of pages: driven by Playwright, without any network."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip

SIZES = {"desktop": (1440, 900), "phone": (390, 844)}


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless; skips where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no chromium is installed")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, url: str, *, size: str = "desktop", dark: bool = False) -> Iterator[Page]:
    """A page; whatever it complains about, or asks of another place, fails the test."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
    )
    page, complaints = context.new_page(), list[str]()
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(url)
    yield page
    context.close()
    assert not complaints


def until(page: Page, condition: str, seconds: float = 30.0) -> None:
    """Wait until an expression of the page holds; the page's policy forbids Playwright's own way."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"never: {condition}"
        page.wait_for_timeout(30)


def violations(page: Page) -> list[tuple[Any, ...]]:
    """What axe-core finds wrong with the page for people with disabilities."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    found = axe.Axe().run(page).response["violations"]
    return [(one["impact"], one["id"], [node["html"] for node in one["nodes"]]) for one in found]


def photograph(page: Page, name: str) -> None:
    """Write a screenshot into the folder that EDGE_SCREENSHOTS names, if it does: those of docs/pages.md."""
    if folder := os.environ.get("EDGE_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.jpg", quality=60)
