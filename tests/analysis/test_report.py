"""The report in a real browser: it plays, follows, searches, works by keyboard, and is for everybody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import edge
from edge.analysis.report.data import page_data
from edge.analysis.report.report import report_page
from edge.captions.transcribe import CaptionResult
from edge.quickcut.clean import plan_clean
from edge.songs.find import SongSearchResult
from edge.songs.song import Song
from tests.browser import chromium, opened, photograph, until, violations
from tests.makers import talk_from_script
from tests.media.makers import write_sound
from tools.sound.sample import Truth

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.slow]

SPEAKING = np.array([0.1, 0.7, 0.1, 0.1], np.float32)

HOSTILE = '</script><img src=x onerror="document.title=1">'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened_browser:
        yield opened_browser


@pytest.fixture(scope="module")
def report(sample: tuple[Path, Truth], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's report, with the recording beside its folder."""
    folder = tmp_path_factory.mktemp("report")
    shutil.copyfile(sample[0], folder / "a show #1.mp4")
    analysis = edge.analyze(folder / "a show #1.mp4")
    return edge.write_analysis(analysis, folder / "out")[0]


def test_it_plays_and_its_parts_follow(browser: Browser, report: Path) -> None:
    with opened(browser, report.as_uri()) as page:
        until(page, "player.readyState >= 1")
        assert page.evaluate("player.duration") == pytest.approx(72.8, abs=0.2)
        assert page.locator("#songs ol li").count() == 1
        page.locator("#captions li button").nth(3).click()
        until(page, "!player.paused && player.currentTime > 0")
        page.evaluate("player.pause()")
        start = float(page.locator("#captions li").nth(3).get_attribute("data-start") or 0)
        assert page.evaluate("player.currentTime") == pytest.approx(start, abs=2.0)
        assert page.locator("#captions li[aria-current]").count() == 1
        page.locator("#search").fill("BREAK")
        assert page.locator("#captions li:visible").count() == 1
        assert page.locator("#matches").inner_text() == "1 found"


def test_it_works_by_keyboard(browser: Browser, report: Path) -> None:
    with opened(browser, report.as_uri()) as page:
        until(page, "player.readyState >= 1")
        timeline = page.get_by_role("slider", name="Position")
        timeline.focus()
        for key, seconds in (("ArrowRight", 5), ("Shift+ArrowRight", 65), ("ArrowLeft", 60), ("Home", 0)):
            page.keyboard.press(key)
            assert page.evaluate("player.currentTime") == pytest.approx(seconds)
        assert timeline.get_attribute("aria-valuetext") == "0:00"
        page.keyboard.press("+")
        assert page.evaluate("timeline.end - timeline.start") == pytest.approx(72.76 / 2, abs=0.2)
        page.keyboard.press("Space")
        until(page, "!player.paused")


def test_what_would_be_removed_is_left_out_while_playing(browser: Browser, report: Path) -> None:
    with opened(browser, report.as_uri()) as page:
        until(page, "player.readyState >= 1")
        start, end = page.evaluate("data.removed[0]")
        page.locator("#skip").check()
        page.evaluate(f"seek({start} + 0.02, true)")
        until(page, f"player.currentTime >= {end} - 0.01")
        page.evaluate("player.pause()")


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_is_for_everybody(browser: Browser, report: Path, size: str, dark: bool) -> None:
    with opened(browser, report.as_uri(), size=size, dark=dark) as page:
        assert not violations(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.evaluate("seek(12)")
        until(page, "!player.seeking")
        photograph(page, f"report-{size}-{'dark' if dark else 'light'}")


def test_a_lost_recording_can_be_opened_by_hand(browser: Browser, report: Path, tmp_path: Path) -> None:
    alone = tmp_path / "report.html"
    shutil.copyfile(report, alone)
    context = browser.new_context()
    page = context.new_page()
    page.goto(alone.as_uri())
    page.locator("#missing").wait_for()
    page.locator("#file").set_input_files(report.parent.parent / "a show #1.mp4")
    until(page, "player.readyState >= 1")
    assert page.locator("#missing").is_hidden()
    context.close()


def test_three_hours_are_searched_and_followed(browser: Browser, tmp_path: Path) -> None:
    """With 3,600 captions, markup in one of them, and a name that is markup."""
    hours = talk_from_script("one two three four five. [1.4]" * 3600)
    silence = write_sound(tmp_path / "long.flac", np.zeros(8000, np.float32), 8000, codec="flac", fmt="s16")
    recording = replace(edge.open_recording(silence), name=HOSTILE)
    captions = list(hours.sentences)
    captions[7] = replace(captions[7], text=HOSTILE)
    plan = plan_clean(silence, transcript=hours)
    frames = round(hours.duration_s * 10)
    labels = edge.LabelTrack(
        hours.duration_s, 0.1, np.tile(SPEAKING, (frames, 1)),
        np.full(frames, -20, np.float32), 3.0, np.tile(SPEAKING, (frames // 30, 1)),
        1.0, np.zeros((0, 3, 4), np.float16),
    )  # fmt: skip
    analysis = edge.Analysis(
        recording,
        songs=SongSearchResult(recording, (Song(60.0, 90.0, 0.0, 0.0, 0.9),), labels),
        captions=CaptionResult(recording, tuple(captions), hours),
        clean=plan, tags=None, tracks=None, music=None, motion=None, left_out={},
    )  # fmt: skip
    page_file = tmp_path / "report.html"
    page_file.write_text(report_page(analysis, page_data(analysis), tmp_path), encoding="utf-8")
    with opened(browser, page_file.as_uri()) as page:
        assert page.title() == HOSTILE
        assert page.locator("#caption-list li").count() == 3600
        last = captions[-1]
        page.evaluate(f"timeline.moveTo({last.start}); mark({last.start} + 0.1)")
        assert (
            page.locator("#caption-list li[aria-current]").get_attribute("data-start") == f"{last.start:.3f}"
        )
        assert page.locator("#caption-list li[aria-current]").is_visible()
        shown = page.evaluate(
            "[...document.querySelectorAll('#caption-list li')].filter("
            "row => row.firstChild.checkVisibility({contentVisibilityAuto: true})).length"
        )
        assert shown < 200  # the others are not laid out
