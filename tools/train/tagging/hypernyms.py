"""What is above a noun in WordNet 3.0: a poodle is a dog, a dog an animal (format: wndb(5WN))."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.errors import InputError

ANIMAL, THING = "animal", "physical entity"
"""Words that tell the meanings of a name apart."""


@dataclass(frozen=True)
class Noun:
    """A meaning of nouns."""

    words: tuple[str, ...]
    """Synonyms, lower case."""
    above: tuple[str, ...]
    """Keys of the meanings directly above."""


class Nouns:
    """The nouns of WordNet. Raises InputError if its files are not in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._nouns = dict(_read(folder / "data.noun"))
        self._keys: dict[str, list[str]] = defaultdict(list)
        for key, noun in self._nouns.items():
            for word in noun.words:
                self._keys[word].append(key)

    def above(self, key: str) -> list[tuple[Noun, int]]:
        """Return a meaning and all above it, with their distance, the nearest first."""
        found, queue, seen = [], [(key, 0)], {key}
        for place, distance in queue:
            noun = self._nouns[place]
            found.append((noun, distance))
            queue += [(higher, distance + 1) for higher in noun.above if higher not in seen]
            seen.update(noun.above)
        return found

    def meaning(self, names: Sequence[str], *, animal: bool) -> str | None:
        """Return the key of the meaning that most of the names share, of an animal or of another thing."""
        shared = Counter(key for name in names for key in self._keys.get(name.lower(), ()))
        if not shared:
            return None
        most = max(shared.values())
        best = [key for key, count in shared.items() if count == most]

        def fits(key: str) -> tuple[bool, bool]:
            words = {word for noun, _ in self.above(key) for word in noun.words}
            right = (ANIMAL in words) if animal else (THING in words and ANIMAL not in words)
            return right, len(self._nouns[key].words) == len(names)

        return max(best, key=fits)


def _read(file: Path) -> Iterator[tuple[str, Noun]]:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise InputError(
            file, f"cannot be read ({error.strerror}); it is of the Debian package wordnet-base, see --words"
        ) from error
    for line in lines:
        if line.startswith("  "):  # the licence
            continue
        parts = line.partition(" | ")[0].split(" ")
        count = int(parts[3], 16)
        words = tuple(word.replace("_", " ").lower() for word in parts[4 : 4 + 2 * count : 2])
        pointers = parts[5 + 2 * count :]
        kinds_and_keys = zip(pointers[::4], pointers[1::4], strict=False)
        yield parts[0], Noun(words, tuple(key for kind, key in kinds_and_keys if kind in ("@", "@i")))
