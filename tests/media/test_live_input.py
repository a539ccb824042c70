"""Audio as it arrives: in order and whole, at its true times, and nothing of it is lost in silence."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.arrays import Floats
from edge.errors import InputError, NoAudioError, UsageError
from edge.media import decode_audio
from edge.media.read.block_queue import BlockQueue
from edge.media.read.live_input import LiveInput
from edge.media.read.live_stream import StreamInput
from edge.media.read.pcm import PcmInput
from edge.media.write.sound import write_audio
from edge.vocabulary import PcmFormat

from .makers import Recipe, make

RATE_HZ = 44_100
SECONDS = 5


def sound(channels: int) -> Floats:
    """Noise in the band that every rate has, float32[channels, n]."""
    rng = np.random.default_rng(channels)
    spectrum = np.fft.rfft(rng.standard_normal((channels, SECONDS * RATE_HZ)))
    spectrum[:, 6_000 * SECONDS :] = 0
    samples = np.fft.irfft(spectrum, SECONDS * RATE_HZ)
    return np.asarray(0.3 * samples / np.abs(samples).max(), np.float32)


def read(source: LiveInput) -> Floats:
    with source:
        return np.concatenate([np.zeros(0, np.float32), *source])


def of_file(path: Path) -> Floats:
    return np.concatenate([block.samples for block in decode_audio(path)])


@given(
    st.lists(
        st.tuples(st.sampled_from(["offer", "lose", "take"]), st.integers(1, 12)), min_size=1, max_size=60
    ),
    st.integers(1, 30),
)
def test_what_drops_is_counted_and_everything_else_keeps_its_time(
    steps: list[tuple[str, int]], capacity: int
) -> None:
    queue, arrived, out = BlockQueue(1, capacity), 0, list[float]()
    for what, count in steps:
        if what == "take":
            if queue.waiting:
                block = queue.take(4)
                assert block is not None
                out += block[:, 0].tolist()
        else:
            values = np.arange(arrived + 1, arrived + count + 1, dtype=np.float32)
            queue.lose(count) if what == "lose" else queue.offer(values[:, None])
            arrived += count
            assert queue.waiting <= max(capacity, 12)  # a block alone always fits
    queue.end()
    while (block := queue.take(4)) is not None:
        out += block[:, 0].tolist()
    assert len(out) == arrived
    assert all(value in (0, at) for at, value in enumerate(out, 1))
    assert out.count(0) == queue.dropped


def test_a_writer_that_may_wait_loses_nothing() -> None:
    queue, count = BlockQueue(2, 100), 3000

    def write() -> None:
        for at in range(count):
            assert queue.put(np.full((7, 2), at, np.float32))
        queue.end()
        assert not queue.put(np.zeros((7, 2), np.float32))

    writer = threading.Thread(target=write)
    writer.start()
    found = []
    while (block := queue.take(50)) is not None:
        assert queue.waiting <= 100
        found += block[:, 1].tolist()
    writer.join()
    assert found == [at for at in range(count) for _ in range(7)]
    assert not queue.dropped


@pytest.mark.parametrize(("channels", "pcm_format"), [(1, "s16le"), (2, "s16le"), (2, "f32le"), (5, "f32le")])
def test_pcm_is_what_the_file_of_it_is(tmp_path: Path, channels: int, pcm_format: PcmFormat) -> None:
    samples = sound(channels)
    content = (samples.T * 32768).astype("<i2") if pcm_format == "s16le" else samples.T.astype("<f4")
    readable, writable = os.pipe()

    def write() -> None:
        with os.fdopen(writable, "wb", buffering=0) as pipe:
            data = content.tobytes()
            for at in range(0, len(data), 10_007):  # cuts samples apart
                pipe.write(data[at : at + 10_007])

    writer = threading.Thread(target=write)
    writer.start()
    kept: list[Floats] = []
    with os.fdopen(readable, "rb") as pipe:
        source = PcmInput(pipe, rate_hz=RATE_HZ, channels=channels, pcm_format=pcm_format)
        source.keep = kept.append
        found = read(source)
    writer.join()
    shown = samples if channels <= 2 else samples.mean(axis=0, keepdims=True)
    np.testing.assert_allclose(np.concatenate(kept), shown.T, atol=1e-4)
    layout = "stereo" if len(shown) == 2 else "mono"
    expected = of_file(write_audio(tmp_path / "a.flac", [shown], RATE_HZ, layout=layout))
    assert len(found) == len(expected)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert source.position_s == SECONDS


def test_pcm_of_no_known_form_is_refused() -> None:
    with pytest.raises(UsageError, match="no PCM of 16000 Hz, 0 channels"):
        PcmInput(sys.stdin.buffer, channels=0)


@pytest.fixture(scope="module")
def tune(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_audio(tmp_path_factory.mktemp("tune") / "tune.mp3", [sound(2)], RATE_HZ)


def test_a_file_and_a_named_pipe_are_what_decoding_gives(tune: Path, tmp_path: Path) -> None:
    expected = of_file(tune)
    np.testing.assert_allclose(read(StreamInput(str(tune))), expected, atol=1e-4)
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(tune.read_bytes()))
    writer.start()
    found = read(StreamInput(str(tmp_path / "pipe")))
    writer.join()
    assert len(found) == pytest.approx(len(expected), abs=3000)  # nobody knows the padding of a stream
    assert np.abs(np.correlate(found[:20000], expected[4000:12000])).max() == pytest.approx(
        float(np.dot(expected[4000:12000], expected[4000:12000])), rel=0.01
    )


def test_it_ends_after_some_seconds_or_when_it_is_stopped(tune: Path) -> None:
    assert len(read(StreamInput(str(tune), seconds=2.0))) == 32_000
    with StreamInput(str(tune)) as source:
        blocks = iter(source)
        first = next(blocks)
        source.stop()
        rest = [first, *blocks]
    assert sum(map(len, rest)) <= len(of_file(tune))
    with pytest.raises(UsageError, match="above 0 s"):
        StreamInput(str(tune), seconds=0)


SERVER = """
import sys
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
server = HTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=sys.argv[1]))
print(server.server_port, flush=True)
server.serve_forever()
"""


@contextmanager
def served(folder: Path, log: Path) -> Iterator[str]:
    """Serve a folder in a process of its own, on this machine."""
    with log.open("w") as errors:
        command = [sys.executable, "-u", "-c", SERVER, str(folder)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()
            server.wait()


def test_a_url_is_decoded_and_no_other_address_is_opened(tune: Path, tmp_path: Path) -> None:
    (tmp_path / "list.m3u8").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\ntune.mp3\n#EXT-X-ENDLIST\n"
    )
    (tmp_path / "tune.mp3").write_bytes(tune.read_bytes())
    (tmp_path / "text.txt").write_text("not media\n" * 100)
    log = tmp_path / "log"
    with served(tmp_path, log) as address:
        source = StreamInput(f"{address}/tune.mp3")
        assert len(read(source)) == pytest.approx(len(of_file(tune)), abs=3000)
        assert not source.notes
        before = log.read_text().count("tune.mp3")
        for name in ("list.m3u8", "text.txt", "none.mp3"):
            with pytest.raises(InputError) as caught:
                read(StreamInput(f"{address}/{name}"))
            assert str(caught.value).startswith(f"{address}/{name}: ")
        assert log.read_text().count("tune.mp3") == before
    with pytest.raises(InputError, match="cannot be opened"):
        read(StreamInput(f"{address}/tune.mp3"))


def test_what_is_no_audio_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "text.mp3").write_text("no media\n" * 50)
    make(tmp_path / "film.mp4", Recipe(audio=(), seconds=1.0))
    for name, kind in (("none.mp3", InputError), ("text.mp3", InputError), ("film.mp4", NoAudioError)):
        with pytest.raises(kind, match=name):
            read(StreamInput(str(tmp_path / name)))


def test_a_failure_comes_after_what_arrived_before_it() -> None:
    class Failing(LiveInput):
        def _open(self) -> None:
            self._begin(16_000, 1)
            self._queue.offer(np.ones((1600, 1), np.float32))
            self._queue.end(InputError("device", "is gone"))

    with Failing("device") as source:
        blocks = iter(source)
        assert sum(map(len, islice(blocks, 1))) == 1600
        with pytest.raises(InputError, match="device: is gone"):
            next(blocks)
