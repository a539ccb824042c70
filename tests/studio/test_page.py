"""The quick-cut page in a real browser: a newcomer's tasks by mouse and keyboard, and for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import av
import pytest

from tests.browser import chromium, opened, photograph, until, violations
from tests.studio.makers import Server, studio
from tools.sound.sample import Truth

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened_browser:
        yield opened_browser


@pytest.fixture
def server(
    sample: tuple[Path, Truth], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    shared = tmp_path_factory.getbasetemp() / "studio-cache"
    shared.mkdir(exist_ok=True)
    (tmp_path / "cache").symlink_to(shared, target_is_directory=True)  # transcribed once
    with studio(sample[0], tmp_path) as running:
        yield running


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    with opened(browser, server.address) as shown:
        until(shown, "state.rows.length > 0 && player.readyState >= 1")
        yield shown


def done(page: Page) -> None:
    """Wait until the server has answered, and the page shows it."""
    page.wait_for_load_state("networkidle")


def test_remove_and_restore_by_mouse_and_keyboard(page: Page) -> None:
    words = page.locator(".row").nth(1).locator(".word")
    words.nth(2).click()
    page.get_by_role("button", name="Remove", exact=True).click()
    page.locator(".row").nth(1).locator("del.word").wait_for()
    assert words.nth(2).evaluate("word => word.localName") == "del"
    page.locator("#rows").focus()
    page.keyboard.press("Delete")
    until(page, "!document.querySelectorAll('.row')[1].querySelector('del')")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Delete")
    until(page, "document.querySelectorAll('.row')[1].querySelectorAll('del').length === 2")
    page.locator(".row.gap .flip").first.click()
    until(page, "document.querySelectorAll('.row.gap del').length === 0")
    page.get_by_role("button", name="Keep all").click()
    until(page, "state.cuts.length === 0")
    page.keyboard.press("Control+z")
    until(page, "state.cuts.length > 0")
    page.get_by_role("button", name="Clean up").click()
    until(page, "document.querySelectorAll('.row.gap del').length === 1")


def test_rows_stay_in_order_whatever_changes(page: Page) -> None:
    """Against the rows in an array: blocks of the page are divided, emptied and filled."""
    assert page.evaluate("""() => {
      const row = number => [number, number + 1, "blank", String(number), false, []];
      let seed = 7;
      const random = below => (seed = seed * 48271 % 2147483647) % below;
      splice({ at: 0, delete: state.rows.length, insert: [...Array(500).keys()].map(row) });
      for (let step = 0; step < 300; step++) {
        const at = random(state.rows.length + 1), most = state.rows.length - at;
        splice({ at, delete: Math.min(most, random(90)), insert: [...Array(random(90)).keys()].map(row) });
        const shown = [...document.querySelectorAll("#rows .row")];
        if (shown.length !== state.rows.length) return false;
        if (shown.some((box, at) => box !== state.boxes[at])) return false;
      }
      return state.boxes.every((box, at) => box.querySelector(".words").textContent === state.rows[at][TEXT]);
    }""")


def test_correct_split_and_merge(page: Page) -> None:
    page.locator("#rows").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Text of the caption").fill("Good evening, dear people of the river hall.")
    page.keyboard.press("Enter")
    until(page, "state.rows[0][TEXT].includes('dear people')")
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Split before the word").click()
    until(page, "state.rows[0][TEXT] === 'Good evening,'")
    page.get_by_role("button", name="Merge with the next").click()
    until(page, "state.rows[0][TEXT].startsWith('Good evening, dear people')")
    for _ in range(3):
        page.get_by_role("button", name="Undo").click()
        done(page)
    until(page, "!state.rows[0][TEXT].includes('dear') && find('undo').disabled")
    page.get_by_role("button", name="Redo").click()
    until(page, "state.rows[0][TEXT].includes('dear people')")


def test_playback_leaves_out_what_is_removed(page: Page) -> None:
    start, end = page.evaluate("state.cuts[0]")
    page.evaluate(f"seek({start} - 0.3); play()")
    until(page, f"player.currentTime >= {end} + 0.3")
    page.evaluate("player.pause()")
    played = page.evaluate(
        "[...Array(player.played.length).keys()].reduce("
        "(sum, at) => sum + player.played.end(at) - player.played.start(at), 0)"
    )
    assert played < page.evaluate("player.currentTime") - (start - 0.3) - (end - start) / 2


def test_a_kept_edit_is_there_after_a_reload(page: Page) -> None:
    page.locator(".row").nth(2).locator(".flip").click()
    until(page, "state.rows[2][REMOVED]")
    page.reload()
    until(page, "state.rows.length > 0 && state.rows[2][REMOVED]")
    assert page.get_by_role("button", name="Undo").is_enabled()


def test_the_result_is_written_in_every_kind_of_format(page: Page, server: Server) -> None:
    for suffix in (".mp4", ".srt", ".fcpxml", ".json", ".flac"):
        page.locator("#format").select_option(suffix)
        page.get_by_role("button", name="Write", exact=True).click()
        page.locator(f"#tasks a[href$='clean{suffix}']").wait_for(timeout=60_000)
    removed = page.evaluate("state.cuts.reduce((sum, [start, end]) => sum + end - start, 0)")
    with av.open(str(server.output / "sample-clean.mp4")) as written:
        assert written.duration is not None
        assert written.duration / 1e6 == pytest.approx(72.76 - removed, abs=0.2)
    assert " --> " in (server.output / "sample-clean.srt").read_text()
    with page.expect_download() as started:
        page.locator("#tasks a[href$='.srt']").click()
    assert started.value.path().read_bytes() == (server.output / "sample-clean.srt").read_bytes()
    page.get_by_role("button", name="Cut the songs to files").click()
    page.locator("#tasks a[href$='sample-01.mp4']").wait_for(timeout=60_000)


def test_music_is_composed_and_refined_until_it_is_liked(page: Page, server: Server) -> None:
    page.get_by_role("button", name="Compose").click()
    until(page, "/beats per minute/.test(find('music-said').textContent)", 90)
    first = page.locator("#music-said").inner_text()
    page.get_by_role("button", name="Dislike: something else").click()
    until(page, f"find('music-said').textContent !== {first!r}", 90)
    until(page, "find('music-player').readyState >= 1")
    page.get_by_role("button", name="Like: add it to the video").click()
    page.locator("#tasks a[href$='with-music.mp4']").wait_for(timeout=90_000)
    assert (server.output / "sample-with-music.mp4").stat().st_size > 100_000


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_is_for_everybody(browser: Browser, server: Server, size: str, dark: bool) -> None:
    with opened(browser, server.address, size=size, dark=dark) as page:
        until(page, "state.rows.length > 0 && player.readyState >= 2")
        page.evaluate("choose(3, 4); seek(12)")
        assert not violations(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        photograph(page, f"studio-{size}-{'dark' if dark else 'light'}")
