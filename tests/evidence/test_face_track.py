"""What is looked at and what is not: videos of every kind, real networks, the sound of a song."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from edge_kernels.images import Rgb

from edge.arrays import Floats
from edge.errors import InputError, UsageError
from edge.evidence.face_track import (
    FaceNetworks,
    FaceTrackOptions,
    analyzed_size,
    collect_faces,
    could_change,
)
from edge.evidence.fused import LabelEvidence, collect_evidence
from edge.media import decode_audio, frames_at, open_recording
from edge.media.read.probe import VideoStream
from edge.networks.face_fusion import COLUMNS
from edge.networks.segmenter import Segmenter
from edge.vocabulary import LABELS, Label
from tools.evaluate.clips import read_clips
from tools.sound.sample import Truth
from tools.sound.wave import write_wav

RATE_HZ = 16_000
SONG_S = 7.0


@dataclass(frozen=True)
class Video:
    """How a video is made."""

    width: int = 64
    height: int = 48
    fps: int = 10
    seconds: float = SONG_S
    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    options: dict[str, str] = field(default_factory=lambda: {"preset": "ultrafast"})
    rotation: int = 0
    interlaced: bool = False
    paint: Callable[[int, Rgb], None] = lambda index, rgb: None
    """Draws frame `index`, which is black."""


def moving(index: int, rgb: Rgb) -> None:
    """A square that wanders over a ramp: an animation without a face."""
    rgb[:] = np.linspace(0, 200, rgb.shape[1], dtype=np.uint8)[:, None]
    at = index * 3 % max(1, rgb.shape[1] - 8)
    rgb[2:10, at : at + 8] = (255, 60, 0)


VIDEOS = {
    "black": (Video(), "still image"),
    "animation": (Video(paint=moving), "no face"),
    "one pixel": (Video(1, 1, codec="ffv1", pix_fmt="bgr0", options={}), "still image"),
    "8k": (
        Video(7680, 4320, fps=6, seconds=3.0, codec="mjpeg", pix_fmt="yuvj420p", options={}),
        "still image",
    ),
    "grey": (Video(codec="ffv1", pix_fmt="gray", options={}, paint=moving), "no face"),
    "10 bits": (Video(pix_fmt="yuv420p10le", paint=moving), "no face"),
    "interlaced": (Video(interlaced=True, paint=moving), "no face"),
    "rotated": (Video(rotation=90, paint=moving), "no face"),
    "120 frames a second": (Video(fps=120, paint=moving), "no face"),
    "2 frames a second": (Video(fps=2, paint=moving), "too few to see lips"),
    "one frame": (Video(seconds=0.1), "no segment with video"),
    "shorter than the song": (Video(seconds=1.0, paint=moving), "no segment with video"),
}
"""Kind of video -> how it is made, and why it cannot tell who sings."""


@pytest.fixture(scope="session")
def song(sample: tuple[Path, Truth]) -> Floats:
    """Some seconds of singing."""
    path, truth = sample
    sound = np.concatenate([block.samples for block in decode_audio(path, rate_hz=RATE_HZ)])
    first = int((truth.song.start + truth.song.end) / 2 * RATE_HZ)
    return sound[first : first + int(SONG_S * RATE_HZ)]


@pytest.fixture(scope="session")
def networks() -> Iterator[FaceNetworks]:
    with FaceNetworks() as opened:
        yield opened


def write(path: Path, video: Video, sound: Floats) -> Path:
    """A Matroska file with this video and sound."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(video.codec, rate=video.fps, options=dict(video.options))
        stream.width, stream.height, stream.pix_fmt = video.width, video.height, video.pix_fmt
        if video.interlaced:
            stream.codec_context.flags |= 1 << 18 | 1 << 29
        if video.rotation:
            stream.set_display_rotation(video.rotation)
        audio = container.add_stream("pcm_s16le", rate=RATE_HZ, layout="mono")
        for index in range(max(1, round(video.seconds * video.fps))):
            rgb = np.zeros((video.height, video.width, 3), np.uint8)
            video.paint(index, rgb)
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=video.pix_fmt)
            frame.pts, frame.time_base = index, Fraction(1, video.fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        whole = np.ascontiguousarray((sound * 32767).astype(np.int16)[None])
        for start in range(0, whole.shape[1], RATE_HZ):
            block = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(whole[:, start : start + RATE_HZ]), format="s16", layout="mono"
            )
            block.pts, block.time_base, block.sample_rate = start, Fraction(1, RATE_HZ), RATE_HZ
            container.mux(audio.encode(block))
        container.mux(audio.encode(None))
    return path


def perceive(path: Path, segmenter: Segmenter, networks: FaceNetworks, **more: str) -> LabelEvidence:
    return collect_evidence(open_recording(path), segmenter, networks=networks, **more)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(VIDEOS))
def test_a_video_that_shows_nobody_leaves_the_labels_to_the_audio(
    kind: str, song: Floats, segmenter: Segmenter, networks: FaceNetworks, tmp_path: Path
) -> None:
    video, why = VIDEOS[kind]
    path = write(tmp_path / "video.mkv", video, song)
    found = perceive(path, segmenter, networks)
    alone = perceive(path, segmenter, networks, evidence="audio")
    assert (found.used, alone.used) == ("audio", "audio")
    assert why in found.why
    np.testing.assert_array_equal(found.labels.segments, alone.labels.segments)
    assert LABELS[int(alone.labels.segments[1].argmax())] is Label.SINGING
    assert alone.to_document().share_decoded == 0
    if why == "no face":  # the frames that were searched for one are counted too
        examined, _ = collect_faces(open_recording(path), alone.labels, networks)
        assert found.to_document().frames_decoded > examined.frames_decoded


@pytest.mark.slow
def test_both_needs_a_video_and_then_a_song_without_a_singer_is_music(
    song: Floats, segmenter: Segmenter, networks: FaceNetworks, tmp_path: Path
) -> None:
    write_wav(tmp_path / "song.wav", song, RATE_HZ)
    with pytest.raises(InputError, match="the recording has no video, so"):
        perceive(tmp_path / "song.wav", segmenter, networks, evidence="both")
    assert perceive(tmp_path / "song.wav", segmenter, networks).why == "the recording has no video"
    with pytest.raises(UsageError, match="evidence is one of auto, audio, both"):
        perceive(tmp_path / "song.wav", segmenter, networks, evidence="smell")
    path = write(tmp_path / "video.mkv", Video(paint=moving), song)
    found = perceive(path, segmenter, networks, evidence="both")
    assert found.used == "both"
    assert LABELS[int(found.labels.segments[1].argmax())] is Label.MUSIC
    document = found.to_document()
    assert (document.segments_examined, document.segments_changed) == (len(found.faces.bursts), found.changed)  # type: ignore[union-attr]
    assert 0 < document.share_decoded <= 1


@pytest.mark.slow
def test_a_video_that_cannot_be_decoded_leaves_the_labels_to_the_audio(
    song: Floats, segmenter: Segmenter, networks: FaceNetworks, tmp_path: Path
) -> None:
    path = write(tmp_path / "video.mkv", Video(options={"preset": "ultrafast", "g": "1"}, paint=moving), song)
    with av.open(str(path)) as source, av.open(str(tmp_path / "broken.mkv"), "w") as target:
        streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is None:
                continue
            if packet.stream.type == "video":
                broken = av.Packet(bytes(len(bytes(packet))))
                broken.pts, broken.dts, broken.time_base = packet.pts, packet.dts, packet.time_base
                broken.is_keyframe = packet.is_keyframe
                broken.stream = streams[packet.stream.index]
                target.mux(broken)
            else:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    found = perceive(tmp_path / "broken.mkv", segmenter, networks)
    assert found.used == "audio"
    assert "no frame of it can be decoded" in found.why
    assert any("the audio alone was used" in note for note in found.notes)
    assert LABELS[int(found.labels.segments[1].argmax())] is Label.SINGING
    with pytest.raises(InputError, match="no frame of it can be decoded"):
        perceive(tmp_path / "broken.mkv", segmenter, networks, evidence="both")


@pytest.mark.slow
def test_cover_art_is_no_video(
    song: Floats, segmenter: Segmenter, networks: FaceNetworks, tmp_path: Path
) -> None:
    path = tmp_path / "song.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        audio = container.add_stream("aac", rate=RATE_HZ, layout="mono")
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8), format="rgb24")
        container.mux(cover.encode(picture.reformat(format="yuvj420p")))
        block = av.AudioFrame.from_ndarray(np.ascontiguousarray(song[None]), format="fltp", layout="mono")
        block.pts, block.time_base, block.sample_rate = 0, Fraction(1, RATE_HZ), RATE_HZ
        container.mux(audio.encode(block))
        container.mux(audio.encode(None))
    assert perceive(path, segmenter, networks).why == "the recording has no video"


@pytest.mark.slow
def test_only_segments_that_may_be_singing_are_looked_at(
    song: Floats, segmenter: Segmenter, networks: FaceNetworks, tmp_path: Path
) -> None:
    quiet = np.zeros(30 * RATE_HZ, np.float32)
    path = write(
        tmp_path / "video.mkv", Video(seconds=67, paint=moving), np.concatenate([quiet, song, quiet])
    )
    recording = open_recording(path)
    labels = collect_evidence(recording, segmenter, evidence="audio").labels
    shares: list[float] = []
    faces, _ = collect_faces(recording, labels, networks, progress=shares.append)
    looked = [burst.segment for burst in faces.bursts]
    assert looked == [int(index) for index in could_change(labels, FaceTrackOptions())]
    assert set(looked) <= {9, 10, 11, 12}
    assert faces.share_decoded < 0.35
    assert shares == sorted(shares)
    assert shares[-1] == 1
    for burst in faces.bursts:
        assert len(burst.times_s) == 30
        assert abs(burst.times_s.mean() - (burst.segment + 0.5) * labels.segment_s) < 0.06


@pytest.mark.slow
@pytest.mark.parametrize("rotation", [0, 90, 180])
def test_a_face_is_found_in_upright_and_rotated_videos(
    rotation: int,
    song: Floats,
    segmenter: Segmenter,
    networks: FaceNetworks,
    eval_pack: Path,
    tmp_path: Path,
) -> None:
    clip = next(clip for clip in read_clips(eval_pack) if clip.seconds >= 5 and clip.label_at(1) == "talking")
    frames = [frame.rgb for frame in frames_at(clip.path, np.arange(50) / 10)]
    frames = [np.ascontiguousarray(np.rot90(rgb, -rotation // 90)) for rgb in frames]

    def play(index: int, rgb: Rgb) -> None:
        rgb[:] = frames[index % len(frames)][: rgb.shape[0], : rgb.shape[1]]

    height, width = (side // 2 * 2 for side in frames[0].shape[:2])
    path = write(tmp_path / "video.mkv", Video(width, height, rotation=rotation, paint=play), song)
    found = perceive(path, segmenter, networks)
    assert found.used == "both"
    assert found.faces is not None
    assert found.faces.shows_faces
    for burst in found.faces.bursts:
        for face in burst.faces:
            eyes, mouth = face.track.landmarks[:, :2].mean(axis=1), face.track.landmarks[:, 3:].mean(axis=1)
            assert (eyes[:, 1] < mouth[:, 1]).all()
            assert 0 <= face.performing <= 1


def test_segments_that_were_not_looked_at_keep_their_labels(networks: FaceNetworks) -> None:
    rng = np.random.default_rng(0)
    segments = rng.dirichlet(np.ones(4), 400).astype(np.float32)
    fused = networks.fusion.fuse(segments, np.zeros((400, len(COLUMNS)), np.float32))
    assert fused.shape == segments.shape
    np.testing.assert_allclose(fused.sum(axis=1), 1, atol=1e-4)
    with pytest.raises(UsageError, match="rows must have the shape"):
        networks.fusion.fuse(segments, np.zeros((400, 3), np.float32))


@pytest.mark.parametrize(
    ("width", "height", "aspect", "size"),
    [(1920, 1080, 1, (640, 360)), (320, 240, 1, (320, 240)), (1, 1, 1, (1, 1)),
     (720, 576, Fraction(16, 15), (640, 480)), (1080, 1920, 1, (360, 640)), (10000, 2, 1, (640, 1))],
)  # fmt: skip
def test_large_frames_are_shrunk_to_square_pixels(
    width: int, height: int, aspect: Fraction | int, size: tuple[int, int]
) -> None:
    video = VideoStream(0, "h264", width, height, 0, Fraction(25), Fraction(aspect), Fraction(0))
    assert analyzed_size(video, 640) == size


@pytest.mark.parametrize("bad", [{"min_singing": 2}, {"burst_s": 0.1}, {"burst_s": 9}, {"longest": 3}])
def test_bad_options_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="face tracks need"):
        replace(FaceTrackOptions(), **bad)  # type: ignore[arg-type]
