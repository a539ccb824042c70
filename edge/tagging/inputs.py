"""What the video tower is given: what excerpts show and sound like, and texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edge.arrays import Floats
from edge.evidence.excerpts import Excerpts, light_features
from edge.networks.tag_towers import VideoInput
from edge.networks.text_encoder import TextEncoder
from edge.tagging.networks import TagNetworks


def video_input(excerpts: Excerpts, networks: TagNetworks, section: int | None = None) -> VideoInput:
    """Return what the video tower is given of all excerpts, or of one section, but for texts."""
    frames = slice(None) if section is None else excerpts.sections == section
    classes, faces = excerpts.classes[frames], excerpts.faces[frames]
    audio = excerpts.audio if section is None else excerpts.audio[section : section + 1]
    audio = audio[~np.isnan(audio).any(axis=1)]
    given = VideoInput(
        audio=audio.mean(axis=0) if len(audio) else None,
        faces=face_features(faces) if faces.any() else None,
    )
    if not len(classes):
        return given
    pooled = classes.mean(axis=0)
    shown = light_features(excerpts.light[frames].mean(axis=0), pooled)
    return replace(given, image=pooled @ networks.names, light=shown)


def face_features(faces: Floats) -> Floats:
    """Return `VideoInput.faces` of the faces of frames, float32[n, 2]."""
    count, side = faces.T
    return np.array(
        [(count > 0).mean(), np.log1p(count.mean()), np.log1p(count.max()), side.max()], np.float32
    )


def text_vector(title: str, keywords: Sequence[str], encoder: TextEncoder) -> Floats | None:
    """Return the text vector of title and keywords, float32[text] of norm 1; None if there is neither."""
    texts = [text for text in (title, " ".join(keywords)) if text]
    if not texts:
        return None
    mean = encoder.encode(texts).mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), np.float32)
