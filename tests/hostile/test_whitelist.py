"""Files that name others, or addresses, are refused whatever they are called; what they name is not read."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.errors import InputError
from edge.media import open_recording
from tests.media.makers import Recipe, make

SUFFIXES = (".m3u8", ".mp4", ".wav", "")


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A recording that only a playlist names."""
    folder = tmp_path / "secret"
    folder.mkdir()
    return make(folder / "secret.ts", Recipe(seconds=1.0))


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server that nobody may connect to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def playlists(secret: Path, address: str) -> dict[str, str]:
    """What names `secret` or an address, by kind."""
    url = f"http://{address}"
    return {
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n",
        "hls from the network": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}/a.ts\n#EXT-X-ENDLIST\n",
        "hls with a key": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{url}/k"\n#EXTINF:1,\n{secret}\n',
        "concat": f"ffconcat version 1.0\nfile '{secret}'\n",
        "concat of an address": f"ffconcat version 1.0\nfile '{url}/a.ts'\n",
        "dash": (
            '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
            'mediaPresentationDuration="PT1S"><Period><AdaptationSet mimeType="video/mp2t"><Representation '
            f'id="1" bandwidth="1"><BaseURL>file:{secret}</BaseURL><SegmentList duration="1"><SegmentURL '
            f'media="file:{secret}"/></SegmentList></Representation></AdaptationSet></Period></MPD>'
        ),
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        f"m=audio {address[10:]} RTP/AVP 0\n",
        "redirect": f"rtsp://{address}/a\n",
        "m3u": f"#EXTM3U\n{secret}\n",
        "xspf": f'<?xml version="1.0"?><playlist><trackList><track><location>file:{secret}</location></track>'
        "</trackList></playlist>",
        "external entity": f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:{secret}">]>'
        "<MPD>&b;</MPD>",
        "metadata": ";FFMETADATA1\ntitle=x\n",
    }  # fmt: skip


KINDS = playlists(Path("/s"), "127.0.0.1:1")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_names_others_is_refused(
    secret: Path, listener: socket.socket, tmp_path: Path, kind: str, suffix: str
) -> None:
    path = tmp_path / f"innocent{suffix}"
    path.write_text(playlists(secret, f"127.0.0.1:{listener.getsockname()[1]}")[kind])
    read = secret.stat().st_atime_ns
    with pytest.raises(InputError, match=r"not media|playlist"):
        open_recording(path)
    assert secret.stat().st_atime_ns == read
    with pytest.raises(BlockingIOError):
        listener.accept()


@pytest.mark.parametrize(
    "name", ["concat:a.wav|a.wav", "subfile,,start,0,end,0,,:a.wav", "a%03d.jpg", "http:a.wav", "pipe:0", "-"]
)
def test_a_name_is_a_name_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    make(tmp_path / "a.wav", Recipe(seconds=0.5, video=None, audio=("pcm_s16le",)))
    (tmp_path / "a001.jpg").write_bytes(b"\xff\xd8\xff")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="does not exist"):
        open_recording(name)


def test_devices_folders_and_addresses_are_no_files(tmp_path: Path) -> None:
    for name in ("/dev/zero", str(tmp_path), "http://127.0.0.1:1/a.wav", "rtsp://127.0.0.1:1/a"):
        with pytest.raises(InputError, match=r"not a regular file|is a folder|is a URL"):
            open_recording(name)
