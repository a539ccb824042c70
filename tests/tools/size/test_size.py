"""Sizes: the page is of the models that ship, the kit for songs is small, FFmpeg knows its parts."""

from __future__ import annotations

import re
from pathlib import Path

import av
import msgspec
import pytest
from av.filter import filters_available

from edge.errors import InputError
from edge.media.read.opening import FORMATS
from edge.media.write.containers import H264, has_encoder
from edge.models.store import builtin_root
from tools.convert.operators import networks
from tools.size import ffmpeg
from tools.size.__main__ import SIZES
from tools.size.install import SONG_MODELS, Installed
from tools.size.models import Networks
from tools.size.page import song_kit

KIT_BYTES = 12_000_000
"""Most that finding songs takes beside the runtime."""


def test_the_kit_for_songs_is_small_and_of_the_models_that_ship() -> None:
    installed = msgspec.json.decode((SIZES / "install.json").read_bytes(), type=Installed)
    assert song_kit(installed) < KIT_BYTES
    for name in SONG_MODELS:
        files = sum(path.stat().st_size for path in (builtin_root() / name).iterdir())
        assert installed.edge[f"models: {name}"] == pytest.approx(files, rel=0.05)
    assert not {"numba", "llvmlite"} & installed.plain.keys()


def test_every_network_that_ships_is_in_the_table() -> None:
    measured = msgspec.json.decode((SIZES / "models.json").read_bytes(), type=Networks)
    sizes = {f"{path.parent.name}/{path.stem}": path.stat().st_size for path in networks([builtin_root()])}
    assert {one.name: one.onnx for one in measured.networks} == sizes


def test_this_ffmpeg_has_the_parts_that_edge_uses() -> None:
    formats = {name for names in av.formats_available for name in names.split(",")}
    assert set(FORMATS.split(",")) | set(ffmpeg.muxers()) <= formats
    assert set(ffmpeg.filters()) <= filters_available
    assert {"pan", "scale", "aresample", "abuffersink"} <= set(ffmpeg.filters())
    assert {name for name in ffmpeg.encoders() if not has_encoder(name)} <= set(H264)
    assert {"mjpeg", "pcm_s24le", "mov_text", "libx265", "libopus"} <= set(ffmpeg.encoders())


def test_options_name_what_a_build_needs() -> None:
    files, live, free = ffmpeg.flags(), ffmpeg.flags(live=True), ffmpeg.flags(gpl=False)
    assert "--enable-protocol=file" in files
    assert "--disable-network" in files
    assert any(re.fullmatch("--enable-protocol=.*,rtmp,.*", option) for option in live)
    assert any(re.fullmatch("--enable-demuxer=.*,rtsp,.*", option) for option in live)
    assert "--disable-network" not in live
    assert {"--enable-gpl", "--enable-libx264"} <= set(files)
    assert "--enable-libopenh264" in free
    assert not [option for option in free if re.search("gpl|x264|x265", option)]


def test_libraries_of_a_build_are_counted_once(tmp_path: Path) -> None:
    (tmp_path / "libavutil.so.60.1").write_bytes(bytes(1000))
    (tmp_path / "libavutil.so").symlink_to("libavutil.so.60.1")
    assert ffmpeg.libraries(tmp_path) == {"libavutil": 1000}
    with pytest.raises(InputError, match="no shared libraries"):
        ffmpeg.libraries(tmp_path / "none")
