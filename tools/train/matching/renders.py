"""Music whose style, mood, tempo and key are known: renditions of composed pieces over every template."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.media.write.sound import write_audio
from edge.music.templates import RATE_HZ, Template, open_templates
from edge.networks.composer import Composer
from tools.evaluate.music_sound import drawn, mastered
from tools.progress import each


@dataclass(frozen=True)
class Rendition:
    """A file with a piece of music."""

    path: Path
    template: Template


def renditions(folder: Path, seeds: Sequence[int]) -> Iterator[Rendition]:
    """Render a piece over each template and for each seed, about 24 s long; those in `folder` are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    templates = open_templates()
    with Composer() as network:
        for seed in each(seeds, "seeds"):
            for template in templates:
                path = folder / f"{template.id}-{seed}.ogg"
                if not path.exists():
                    audio = mastered(drawn(network, template, seed))
                    write_audio(path, [audio], RATE_HZ)
                yield Rendition(path, template)
