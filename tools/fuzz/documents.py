"""Damaged documents: manifests, plans, journals, evidence, cache entries, tag libraries, indices of music."""

from __future__ import annotations

import re
import shutil
from contextlib import closing
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path
from random import Random

import msgspec
import numpy as np

from edge.cache import Cache, key
from edge.evidence.labels import LabelTrack
from edge.evidence.motion.track import MotionTrack
from edge.evidence.speech.level import SpeechLevel
from edge.evidence.transcript import Transcript
from edge.matching.store import MusicStore, StoredFile, StoredTrack
from edge.models.folder import MANIFEST, open_folder
from edge.models.manifest import digest
from edge.quickcut.edits import read_plan
from edge.tagging.library import TagLibrary
from edge.tagging.names import read_names
from edge.timeline.actions import EditState, EditText, Passage, Remove, Split
from edge.timeline.journal import Journal
from edge.timeline.timeline import Clip, Timeline
from edge.vocabulary import Caption, Span, Word
from tools.fuzz.corrupt import corrupted
from tools.fuzz.target import Target

MODELS = Path(__file__).parents[2] / "models_quantized"
"""Models whose manifests are damaged."""
SPACE = "seeds 1"
"""Vector space of the tag library."""
MEDIA = Path("talk.mp4")
SAID = Caption(0.5, 2.5, "So we begin", (Word(0.5, 0.9, "So"), Word(1.0, 1.4, "we"), Word(1.5, 2.5, "begin")))
_DIGEST = re.compile(rb'"digest": ?"([0-9a-f]{64})"')


def _manifests(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    models = sorted(model for model in MODELS.iterdir() if (model / MANIFEST).exists())
    return [Path(shutil.copy(model / MANIFEST, folder / f"{model.name}.json")) for model in models]


def _with_digest(data: bytes, other: bytes, dice: Random) -> bytes:
    """Damage a manifest; mostly its digest fits afterwards, so that it is read on."""
    broken = corrupted(data, other, dice)
    found = _DIGEST.findall(broken)
    return broken.replace(found[0], digest(broken, found[0])) if found and dice.random() < 0.8 else broken


def _use_manifest(path: Path, folder: Path) -> None:
    model = folder.parent / "model"
    shutil.rmtree(model, ignore_errors=True)
    shutil.copytree(MODELS / path.stem, model)
    shutil.copy(path, model / MANIFEST)
    opened = open_folder(model)
    opened.verify()
    for role in opened.manifest.networks:
        opened.network(role)


def _plans(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "schema": 1,
        "media": {"file": "talk.mp4", "format": "mp4", "seconds": 60.0, "notes": []},
        "language": "en",
        "items": [
            {"start": a, "end": b, "kind": kind, "text": text, "remove": True, "reason": "", "score": 0.9}
            for a, b, kind, text in ((1.0, 1.4, "filler", "um"), (5.0, 9.0, "blank", ""))
        ],
        "cuts": [{"start": 1.0, "end": 1.4}],
        "actions": [{"action": "mute", "start": 20.0, "end": 21.0, "speed": 1.0}],
        "kept_seconds": 55.6,
        "removed_seconds": 4.4,
    }  # fmt: skip
    path = folder / "plan.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2))
    return [path]


def _use_plan(path: Path, _folder: Path) -> None:
    items, muted = read_plan(path, 60.0)
    assert all(0 <= item.start < item.end <= 61 for item in items)
    assert all(0 <= span.start < span.end <= 61 for span in muted)


def _journals(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "edit.journal"
    state = EditState.of(Timeline.of([Clip(MEDIA, Fraction(0), Fraction(60))]), {MEDIA: [SAID]})
    editor = Journal.create(path, state, force=True).editor
    editor.do(Remove((Passage.of(MEDIA, SAID.words[1]),)))
    editor.do(Split(Fraction(61, 3)))
    editor.do(EditText(Passage.of(MEDIA, SAID), "So we start"))
    editor.undo()
    editor.redo()
    return [path]


def _chained(data: bytes, other: bytes, dice: Random) -> bytes:
    """Damage a journal; mostly the digests of its lines fit afterwards."""
    broken = corrupted(data, other, dice)
    if dice.random() < 0.3:
        return broken
    before, lines = b"", []
    for line in broken.split(b"\n"):
        content = line[17:]
        before = blake2b(before + content, digest_size=8).hexdigest().encode()
        lines.append(before + b" " + content)
    return b"\n".join(lines)


def _use_journal(path: Path, folder: Path) -> None:
    copy = folder.parent / "edit.journal"
    shutil.copy(path, copy)
    editor = Journal.open(copy).editor
    editor.do(Remove((Passage(MEDIA, 1.0, 2.0),)))
    while editor.can_undo:
        editor.undo()
    _ = editor.timeline.clips, editor.state.transcript
    Journal.open(copy)


def _evidence(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    rows = np.full((20, 4), 0.25, np.float32)
    labels = LabelTrack(2.0, 0.1, rows, rows[:, 0], 1.0, rows[:2], 0.5, np.zeros((2, 2, 3), np.float16))
    level = SpeechLevel(0.0, np.zeros(200, np.float16))
    spoken = Transcript(60.0, "en", (SAID,), (level,), (Span(3.0, 3.4),), (), (Span(0.0, 2.0),))
    times = np.arange(20) / 10
    moving = MotionTrack(times, 2.0, rows[:, 0], rows[:, 1], rows[:, 2], ())
    made = {"labels": labels.to_bytes(), "transcript": spoken.to_bytes(), "motion": moving.to_bytes()}
    for name, content in made.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in made]


def _use_evidence(path: Path, _folder: Path) -> None:
    kinds: dict[str, type[LabelTrack | Transcript | MotionTrack]] = {
        "labels": LabelTrack,
        "transcript": Transcript,
        "motion": MotionTrack,
    }
    found = kinds[path.stem].from_bytes(path.read_bytes())
    repr(found)
    found.to_bytes()


def _entries(folder: Path) -> list[Path]:
    cache = Cache(folder)
    cache.put(key("seed"), bytes(range(256)) * 16)
    return [path for path in folder.rglob("*") if path.is_file()]


def _use_entry(path: Path, folder: Path) -> None:
    cache = Cache(folder.parent / "cache")
    cache.put(key("seed"), b"")
    (entry,) = (found for found in cache.root.rglob("*") if found.is_file())
    shutil.copy(path, entry)
    assert cache.get(key("seed")) in {None, bytes(range(256)) * 16}
    cache.put(key("seed"), b"new")
    assert cache.get(key("seed")) == b"new"


def _libraries(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    stored, text = folder / "tags.safetensors", folder / "tags.txt"
    names = tuple(f"tag {number} é" for number in range(20))
    codes = np.arange(20 * 64, dtype=np.int64).reshape(20, 64).astype(np.int8)
    TagLibrary(names, codes, np.ones(20, np.float32), SPACE).save(stored, force=True)
    text.write_text("# tags\n" + "\n".join(names), encoding="utf-8")
    return [stored, text]


def _use_library(path: Path, _folder: Path) -> None:
    if path.suffix == ".txt":
        assert read_names(path)
        return
    library = TagLibrary.load(path, SPACE)
    if len(library):
        library.nearest(np.ones(library.size, np.float32), 5)


def _indices(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "music.sqlite"
    path.unlink(missing_ok=True)
    with closing(MusicStore(path)) as store:
        for number in range(30):
            file = StoredFile(f"/music/{number}.mp3", 1000, 5, f"digest{number}")
            store.put(file, "networks", StoredTrack(60.0, 1.0, 0.2, words=False), bytes(200))
    return [path]


def _use_index(path: Path, folder: Path) -> None:
    copy = folder.parent / "music.sqlite"
    for suffix in ("", "-wal", "-shm"):
        copy.with_name(copy.name + suffix).unlink(missing_ok=True)
    shutil.copy(path, copy)
    with closing(MusicStore(copy)) as store:
        files = store.files(Path("/music"))
        for number in range(0, 30, 7):
            store.track(f"digest{number}", "networks")
            store.analysis(f"digest{number}", "networks")
        store.tracks("networks")
        store.put(
            StoredFile("/music/new.mp3", 1, 1, "new"), "networks", StoredTrack(1.0, 1.0, 0.0, words=True)
        )
        store.forget(list(files)[:3])


DOCUMENTS = (
    Target("manifests", _manifests, _use_manifest, weight=6, damage=_with_digest),
    Target("plans", _plans, _use_plan, weight=6),
    Target("journals", _journals, _use_journal, weight=6, damage=_chained),
    Target("evidence", _evidence, _use_evidence, weight=6),
    Target("cache", _entries, _use_entry, weight=2),
    Target("tags", _libraries, _use_library, weight=4),
    Target("index", _indices, _use_index, weight=4),
)
"""Targets of this file."""
