"""What `probe` says about a recording, and what cannot be opened at all."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream
from matplotlib.image import imsave

from edge.errors import InputError
from edge.media import default_suffix, frames_at, open_container, open_recording, probe

from .conftest import Film
from .makers import Recipe, picture, write_sound

PLAIN = Recipe()


def test_importing_the_package_does_not_load_pyav() -> None:
    code = "import sys, edge.media; sys.exit('av' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_exported_name_is_there() -> None:
    import edge.media  # noqa: PLC0415

    assert all(getattr(edge.media, name) is not None for name in edge.media.__all__)
    assert callable(edge.media.cut)


def test_a_plain_film_is_described(film: Film) -> None:
    info = probe(film("plain.mp4", PLAIN))
    assert (info.origin, info.duration_s, info.declared_s) == (Fraction(0), 4.0, 4.0)
    assert info.video is not None
    assert (info.video.codec, info.video.width, info.video.height) == ("h264", 320, 180)
    assert (info.video.rotation, info.video.rate) == (0, Fraction(25))
    (sound,) = info.audio
    assert (sound.codec, sound.rate_hz, sound.channels, sound.layout) == ("aac", 48000, 2, "stereo")
    assert not sound.lossless


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_the_size_is_that_of_the_upright_picture(film: Film, degrees: int) -> None:
    video = probe(film(f"rotated{degrees}.mp4", PLAIN.but(rotation=degrees, seconds=1.0))).video
    assert video is not None
    assert video.rotation == degrees % 360
    assert (video.width, video.height) == ((320, 180) if degrees == 180 else (180, 320))


@pytest.mark.parametrize("suffix", ["mkv", "ts"])
def test_zero_is_the_first_presented_instant_wherever_the_container_starts(film: Film, suffix: str) -> None:
    recipe = PLAIN.but(video_start=Fraction(11, 2), audio_start=Fraction(13, 2))
    info = probe(film(f"starts_late.{suffix}", recipe))
    assert info.video is not None
    assert info.origin == Fraction(11, 2)
    assert info.video.start == 0
    assert float(info.audio[0].start) == pytest.approx(1.0, abs=0.03)
    assert info.duration_s == pytest.approx(5.0, abs=0.06)


def test_a_picture_later_than_the_sound_has_a_later_start(film: Film) -> None:
    info = probe(film("picture_late.mp4", PLAIN.but(video_start=Fraction(6, 5))))
    assert info.video is not None
    assert (info.origin, info.audio[0].start, info.video.start) == (Fraction(0), Fraction(0), Fraction(6, 5))


def test_all_audio_streams_are_listed_with_their_languages(film: Film) -> None:
    recipe = PLAIN.but(audio=("aac", "aac", "aac"), languages=("eng", "deu", "und"))
    streams = probe(film("three_sounds.mp4", recipe)).audio
    assert [stream.language for stream in streams] == ["eng", "deu", None]
    assert len({stream.index for stream in streams}) == 3


def test_cover_art_is_not_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "album.mp3"
    with av.open(str(path), "w") as out:
        sound = out.add_stream("libmp3lame", rate=44100)
        cover = out.add_stream("mjpeg", rate=1)
        assert isinstance(cover, VideoStream)
        cover.width, cover.height, cover.pix_fmt = 320, 180, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.VideoFrame.from_ndarray(picture(0), format="yuv420p").reformat(format="yuvj420p")
        frame.pts = 0
        out.mux(cover.encode(frame))
        out.mux(cover.encode(None))
        noise = av.AudioFrame.from_ndarray(np.zeros((2, 44100), np.float32), format="fltp", layout="stereo")
        noise.sample_rate, noise.pts = 44100, 0
        out.mux(sound.encode(noise))
        out.mux(sound.encode(None))
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 1
    info = probe(path)
    assert info.video is None
    assert default_suffix(info) == ".m4a"


def test_lossless_sound_suggests_flac_and_a_picture_mp4(film: Film, tmp_path: Path) -> None:
    tone = np.zeros(8000, np.float32)
    assert default_suffix(probe(write_sound(tmp_path / "a.wav", tone, 8000))) == ".flac"
    assert default_suffix(probe(film("plain.mp4", PLAIN))) == ".mp4"


def test_what_is_not_media_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("This is a letter, not a film.\n" * 100)
    os.mkfifo(tmp_path / "pipe.mp4")
    for name, reason in {
        "empty.mp4": "is empty",
        "text.mp4": "is not media",
        "pipe.mp4": "not a regular file",
        "missing.mp4": "does not exist",
        "": "is a folder",
        "x" * 300: "does not exist|name too long",
        "a\0b.mp4": "does not exist",
    }.items():
        with pytest.raises(InputError, match=reason) as caught:
            probe(tmp_path / name)
        assert caught.value.exit_code == 3
        assert "\n" not in str(caught.value)


def test_an_address_is_refused() -> None:
    with pytest.raises(InputError, match=r"URL|does not exist"):
        probe("http://localhost/film.mp4")


def test_a_playlist_cannot_make_us_read_another_file(film: Film, tmp_path: Path) -> None:
    secret = film("starts_late.ts", PLAIN.but(video_start=Fraction(11, 2), audio_start=Fraction(13, 2)))
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4.0,\n{}\n#EXT-X-ENDLIST\n"
    concat = "ffconcat version 1.0\nfile '{}'\n"
    for name, text in {"a.m3u8": playlist, "a.mp4": playlist, "b.ffconcat": concat, "b.mkv": concat}.items():
        path = tmp_path / name
        path.write_text(text.format(secret))
        with pytest.raises(InputError, match=r"playlist|not media"):
            probe(path)


@pytest.mark.parametrize("name", ["concat:a|b.mp4", "50% #1 ümlaut 歌.mp4", "-i.mp4"])
def test_any_file_name_is_only_a_name(film: Film, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(film("plain.mp4", PLAIN).read_bytes())
    assert probe(path).video is not None


def test_the_container_is_closed_afterwards(film: Film) -> None:
    with open_container(film("plain.mp4", PLAIN)) as container:
        assert container.input_was_opened
    assert not container.input_was_opened


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(film: Film, tmp_path: Path) -> None:
    path = tmp_path / "private.mp4"
    path.write_bytes(film("plain.mp4", PLAIN).read_bytes())
    path.chmod(0)
    with pytest.raises(InputError, match="permissions"):
        probe(path)


@pytest.mark.parametrize("name", ["image.png", "image.jpg", "image%d.jpg", "no_suffix"])
def test_an_image_is_a_video_of_one_frame(tmp_path: Path, name: str) -> None:
    rgb = np.zeros((48, 64, 3), np.uint8)
    rgb[:, 32:] = (200, 40, 40)
    imsave(tmp_path / name, rgb, format="jpg" if name.endswith("jpg") else "png")
    recording = open_recording(tmp_path / name)
    (frame,) = frames_at(recording, [0.0])
    assert frame.rgb.shape == rgb.shape
    assert np.abs(frame.rgb.astype(int) - rgb).mean() < 6
    assert recording.audio == ()
