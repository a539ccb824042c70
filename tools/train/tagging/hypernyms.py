"""What is above a noun in WordNet: a poodle is a dog, a dog an animal."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tools.train.wordnet import Sense, read_senses

ANIMAL, THING = "animal", "physical entity"
"""Words that tell the meanings of a name apart."""


class Nouns:
    """The nouns of WordNet. Raises InputError if its files are not in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._nouns = {noun.key: _lower(noun) for noun in read_senses(folder / "data.noun")}
        self._keys: dict[str, list[str]] = defaultdict(list)
        for key, noun in self._nouns.items():
            for word in noun.words:
                self._keys[word].append(key)

    def above(self, key: str) -> list[tuple[Sense, int]]:
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


def _lower(noun: Sense) -> Sense:
    return replace(noun, words=tuple(word.lower() for word in noun.words))
