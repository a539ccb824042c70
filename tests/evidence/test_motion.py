"""Motion and transitions of made videos: where they are, how fast, and what is none."""

from __future__ import annotations

import inspect
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from edge_kernels.images import Rgb
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.errors import InputError, UsageError
from edge.evidence.motion.blends import CAPACITY, BlendFinder
from edge.evidence.motion.collect import MotionCollector, collect_motion
from edge.evidence.motion.measures import MotionMeter
from edge.evidence.motion.track import MotionTrack, Transition
from edge.evidence.motion.transitions import Signs, decide
from edge.evidence.options import MotionOptions
from edge.media import frames_at
from edge.media.read.gray import gray_frames
from tests.media.makers import Recipe, make, write_sound
from tools.evaluate.camera import FPS, HEIGHT, WIDTH
from tools.evaluate.shots import write


def scene(seed: int, frames: int, x: float = 0.0, y: float = 0.0) -> list[Rgb]:
    """A texture of waves that a camera passes at x, y pixels per frame."""
    rng = np.random.default_rng(seed)
    across, down, phase = rng.uniform(-0.2, 0.2, 25), rng.uniform(-0.2, 0.2, 25), rng.uniform(0, 6, 25)
    v, u = np.mgrid[0:HEIGHT, 0:WIDTH][..., None]
    film = []
    for number in range(frames):
        waves = np.cos(across * (u - x * number) + down * (v - y * number) + phase).sum(-1)
        gray = np.clip(120 + 14 * waves, 0, 255).round().astype(np.uint8)
        film.append(np.repeat(gray[..., None], 3, axis=2))
    return film


def mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    return np.rint(one * (1 - share) + other * share).astype(np.uint8)


def found(path: Path, film: list[Rgb], times: list[Fraction] | None = None) -> MotionTrack:
    write(path, film, times)
    track, report = collect_motion(path)
    assert report.frames == len(track.times_s) == len(film)
    assert track.notes == ()
    return track


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "film.mp4"


@pytest.mark.parametrize("pixels", [0.0, 0.6, 2.0, 7.5, 20.0])
def test_the_speed_of_a_pan_is_measured(path: Path, pixels: float) -> None:
    track = found(path, scene(1, 20, 0.8 * pixels, -0.6 * pixels))
    speed = pixels * FPS / HEIGHT
    assert np.median(track.speed[1:]) == pytest.approx(speed, rel=0.1, abs=0.01)
    assert np.median(track.saliency) < 0.05 + 0.2 * speed
    assert track.speed[0] == 0
    assert not track.transitions
    assert track.shots[0].seconds == pytest.approx(20 / FPS)


def test_what_moves_apart_from_the_camera_is_salient(path: Path) -> None:
    film, other = scene(1, 20, 2.0), scene(2, 20, -6.0)
    for image, own in zip(film, other, strict=True):
        image[40:140, 100:220] = own[40:140, 100:220]
    track = found(path, film)
    assert np.median(track.saliency) == pytest.approx(8 * FPS / HEIGHT, rel=0.15)
    assert np.median(track.speed) < 4 * FPS / HEIGHT


def test_a_cut_is_found_at_its_frame(path: Path) -> None:
    track = found(path, scene(1, 23, 3.0) + scene(2, 30, 5.0))
    assert [(one.kind, one.start, one.end) for one in track.transitions] == [("cut", 23 / FPS, 23 / FPS)]
    assert track.speed[23] == track.saliency[23] == 0
    assert [span.start for span in track.shots] == [0.0, 0.92]
    assert [span.end for span in track.shots] == [0.92, pytest.approx(53 / FPS)]


def test_a_cut_is_found_at_any_frame_rate(path: Path) -> None:
    lengths = np.random.default_rng(3).choice([1, 2, 3, 5], 40)
    times = [Fraction(int(ticks), 60) for ticks in np.cumsum(lengths) - lengths[0]]
    track = found(path, scene(1, 19) + scene(2, 21, 1.0), times)
    assert [one.start for one in track.transitions] == [pytest.approx(float(times[19]), abs=1e-4)]
    moving = np.diff([float(time) for time in times])[19:]
    assert np.median(track.speed[20:] * moving) == pytest.approx(1 / HEIGHT, rel=0.1)


def test_a_flash_is_no_cut(path: Path) -> None:
    film = scene(1, 40, 1.0)
    for number, share in ((12, 0.8), (13, 0.5), (25, 0.9)):
        film[number] = mixed(film[number], np.full_like(film[0], 255), share)
    assert not found(path, film).transitions


def test_a_cut_in_fast_motion_is_found_and_none_in_noise(path: Path) -> None:
    track = found(path, scene(1, 20, 24.0) + scene(2, 20, -24.0))
    assert [one.start for one in track.transitions] == [20 / FPS]
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8) for _ in range(20)]
    assert not found(path, noise).transitions


@pytest.mark.parametrize("ground", [0, 255])
def test_a_fade_goes_through_one_color(path: Path, ground: int) -> None:
    one, other, plain = scene(1, 40), scene(2, 40), np.full((HEIGHT, WIDTH, 3), ground, np.uint8)
    out = [mixed(image, plain, (step + 1) / 12) for step, image in enumerate(one[28:])]
    back = [mixed(plain, image, (step + 1) / 12) for step, image in enumerate(other[:12])]
    (fade,) = found(path, one[:28] + out + [plain] * 4 + back + other[12:]).transitions
    assert fade.kind == "fade"
    assert fade.start == pytest.approx(27 / FPS, abs=0.081)
    assert fade.end == pytest.approx(55 / FPS, abs=0.081)


def test_a_dissolve_blends_its_ends(path: Path) -> None:
    one, other = scene(1, 50, 0.2), scene(2, 50, -0.2)
    blend = [mixed(a, b, (k + 1) / 17) for k, (a, b) in enumerate(zip(one[34:], other[:16], strict=True))]
    (dissolve,) = found(path, one[:34] + blend + other[16:]).transitions
    assert dissolve.kind == "dissolve"
    assert dissolve.start == pytest.approx(33 / FPS, abs=0.13)
    assert dissolve.end == pytest.approx(50 / FPS, abs=0.13)


def test_one_frame_and_a_still_are_one_shot(path: Path) -> None:
    for film in (scene(1, 1), scene(1, 1) * 12):
        track = found(path, film)
        assert not track.transitions
        assert max(track.speed.max(), track.saliency.max()) < 0.002
        (shot,) = track.shots
        assert shot.start == 0
        assert shot.end == pytest.approx(len(film) / FPS)


def test_frames_are_upright_and_black_is_zero(tmp_path: Path) -> None:
    turned = make(tmp_path / "turned.mp4", Recipe(seconds=0.4, rotation=90))
    frames = list(gray_frames(turned, pixels=14_400))
    assert frames[0].gray.shape == (160, 90)
    (shown,) = frames_at(turned, [0.2], size=(90, 160))
    assert np.abs(shown.rgb.mean(axis=2) - frames[5].gray).mean() < 6
    write(tmp_path / "black.mp4", [np.full((HEIGHT, WIDTH, 3), level, np.uint8) for level in (0, 255)])
    black, white = gray_frames(tmp_path / "black.mp4", pixels=14_400)
    assert black.gray.max() <= 1
    assert white.gray.min() >= 254


def test_damage_is_said_and_no_video_is_an_error(tmp_path: Path) -> None:
    whole = make(tmp_path / "whole.mkv", Recipe(seconds=4))
    content = bytearray(whole.read_bytes())
    (tmp_path / "part.mkv").write_bytes(content[: len(content) // 2])
    track, report = collect_motion(tmp_path / "part.mkv")
    assert 20 < len(track.times_s) == report.frames < 90
    assert len(track.notes) == 1
    sound = write_sound(tmp_path / "sound.wav", np.zeros(8000, np.float32), 8000)
    with pytest.raises(InputError, match="has no video stream"):
        collect_motion(sound)


def test_a_track_survives_its_bytes_and_damaged_ones_are_refused(path: Path) -> None:
    track = found(path, scene(1, 12, 2.0) + scene(2, 12))
    content = track.to_bytes()
    again = MotionTrack.from_bytes(content)
    assert again.transitions == track.transitions
    assert (again.end_s, again.notes, again.shots) == (track.end_s, track.notes, track.shots)
    for name in ("times_s", "speed", "saliency", "brightness"):
        np.testing.assert_array_equal(getattr(again, name), getattr(track, name))
    late = track.transitions[0]
    for damaged in (
        b"",
        content[:-3],
        content[:200] + content[201:],
        MotionTrack(track.times_s[:-1], 1.0, track.speed, track.saliency, track.brightness, ()).to_bytes(),
        MotionTrack(track.times_s, 0.1, track.speed, track.saliency, track.brightness, (late,)).to_bytes(),
    ):
        with pytest.raises(UsageError, match="not a motion track"):
            MotionTrack.from_bytes(damaged)


def test_frames_must_be_in_order_and_options_sensible() -> None:
    collector, gray = MotionCollector(), np.zeros((90, 160), np.uint8)
    collector.accept(0.0, gray)
    with pytest.raises(UsageError, match="in order"):
        collector.accept(0.0, gray)
    for wrong in ({"cut": 0.0}, {"pixels": 10}, {"flash_s": -1.0}, {"blend_error": 1.0}):
        with pytest.raises(UsageError, match="motion needs"):
            MotionOptions(**wrong)


def test_frames_are_not_kept() -> None:
    """Of 300 frames no more are alive than the rings hold; each frame leaves 32 bytes."""
    meter, finder = MotionMeter(MotionOptions()), BlendFinder(MotionOptions())
    rng = np.random.default_rng(0)
    for number in range(300):
        finder.accept(meter.accept(number / FPS, rng.integers(0, 256, (90, 160)).astype(np.uint8)))
    assert len(meter._recent) < 20
    assert finder._ring is not None
    assert len(finder._ring) == CAPACITY < 100
    kept = [value for _, value in inspect.getmembers(meter) if isinstance(value, (list, np.ndarray))]
    assert all(np.asarray(value).size <= 300 for value in kept)


Series = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=80)


@settings(deadline=None)
@given(st.data())
def test_shots_and_transitions_partition_the_video(data: st.DataObject) -> None:
    unlike = np.array(data.draw(Series), np.float32)
    count = len(unlike)

    def series() -> NDArray[np.float32]:
        return np.array(
            data.draw(st.lists(st.sampled_from([0.0, 0.01, 0.1, 0.3, 1.0]), min_size=count, max_size=count)),
            np.float32,
        )

    steps = data.draw(st.lists(st.sampled_from([0.02, 0.04, 0.5]), min_size=count, max_size=count))
    times = np.cumsum([0.0, *steps[:-1]])
    contrast, brightness, flash = series(), series(), (series() > 0.5).astype(np.float32)
    end_s = float(times[-1] + steps[-1])
    transitions = decide(Signs(times, end_s, unlike, flash, contrast, brightness), (), MotionOptions())
    track = MotionTrack(times, end_s, unlike, unlike, brightness, transitions)
    assert MotionTrack.from_bytes(track.to_bytes()).transitions == transitions
    pieces = [(one.start, one.end) for one in track.shots] + [(one.start, one.end) for one in transitions]
    edges = [0.0, *(edge for piece in sorted(pieces) for edge in piece), end_s]
    assert edges[::2] == edges[1::2]
    assert all(isinstance(one, Transition) and 0 <= one.strength <= 1 for one in transitions)
