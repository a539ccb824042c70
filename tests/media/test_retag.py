"""Keywords in the metadata of files: everything else stays, and no file is ever half written."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from edge.errors import InputError, OutputError, UsageError
from edge.media import probe
from edge.media.write.retag import write_keywords
from tests.media.makers import Recipe, make

FORMATS = {
    ".mp4": Recipe(seconds=1, metadata={"title": "A title"}),
    ".mov": Recipe(seconds=1, metadata={"title": "A title"}),
    ".mkv": Recipe(seconds=1, audio=("aac", "aac"), languages=("eng", "deu"), metadata={"title": "A title"}),
    ".webm": Recipe(seconds=1, video="libvpx", audio=("libopus",), metadata={"title": "A title"}),
    ".m4a": Recipe(seconds=1, video=None, metadata={"title": "A title"}),
    ".mp3": Recipe(seconds=1, video=None, audio=("libmp3lame",), metadata={"title": "A title"}),
    ".flac": Recipe(seconds=1, video=None, audio=("flac",), metadata={"title": "A title"}),
}


def packets(path: Path) -> list[tuple[int, bytes]]:
    """Bytes of all packets of a file by stream."""
    with av.open(str(path)) as container:
        found = [(packet.stream_index, bytes(packet)) for packet in container.demux() if packet.size]
    return sorted(found)


@pytest.mark.parametrize("suffix", list(FORMATS))
def test_keywords_are_written_and_nothing_else_changes(tmp_path: Path, suffix: str) -> None:
    file = make(tmp_path / f"file{suffix}", FORMATS[suffix])
    before, streams = packets(file), probe(file)
    write_keywords(file, ["cat", "red, white"])
    write_keywords(file, ["dog", "red, white"])
    metadata = {key.lower(): value for key, value in probe(file).metadata.items()}
    assert metadata["keywords"] == "dog, red; white"
    assert metadata["title"] == "A title"
    assert packets(file) == before
    after = probe(file)
    assert after.duration_s == pytest.approx(streams.duration_s, abs=0.05)
    assert [one.language for one in after.audio] == [one.language for one in streams.audio]
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_rotation_and_chapters_stay(tmp_path: Path) -> None:
    file = make(tmp_path / "video.mp4", Recipe(seconds=1, rotation=90))
    rotation = getattr(probe(file).video, "rotation", None)
    write_keywords(file, ["cat"])
    assert getattr(probe(file).video, "rotation", None) == rotation == 90


def test_a_read_only_file_is_left_alone(tmp_path: Path) -> None:
    """Also where its folder, or being root, would allow to replace it."""
    file = make(tmp_path / "video.mp4", Recipe(seconds=1))
    content = file.read_bytes()
    file.chmod(0o444)
    with pytest.raises(OutputError, match="is read-only"):
        write_keywords(file, ["cat"])
    assert file.read_bytes() == content


def test_mode_and_links_stay(tmp_path: Path) -> None:
    file = make(tmp_path / "video.mp4", Recipe(seconds=1))
    file.chmod(0o640)
    link = tmp_path / "link.mp4"
    link.symlink_to(file)
    write_keywords(link, ["cat"])
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert probe(file).metadata["keywords"] == "cat"


def test_other_formats_and_damaged_files_are_left_alone(tmp_path: Path) -> None:
    wav = make(tmp_path / "audio.wav", Recipe(seconds=1, video=None, audio=("pcm_s16le",)))
    content = wav.read_bytes()
    with pytest.raises(UsageError, match="keywords can be written into"):
        write_keywords(wav, ["cat"])
    assert wav.read_bytes() == content
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no media" * 100)
    with pytest.raises(InputError):
        write_keywords(broken, ["cat"])
    assert broken.read_bytes() == b"no media" * 100
    assert sorted(path.name for path in tmp_path.iterdir()) == ["audio.wav", "broken.mp4"]
