"""The tags that vectors are measured on."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import InputError
from tools.evaluate.sentences import TAGS, collect_tags


def test_tags_are_a_thousand_real_words_and_always_the_same(eval_pack: Path) -> None:
    tags = collect_tags(eval_pack, TAGS)
    assert len(tags) == len(set(tags)) == TAGS
    assert tags == collect_tags(eval_pack, TAGS)
    assert {"goldfish", "swimming pool", "fire crackling"} <= set(tags)
    assert not any("_" in tag or tag != tag.strip().lower() for tag in tags)


def test_few_names_give_all_their_pairs(tmp_path: Path) -> None:
    (tmp_path / "pack" / "images").mkdir(parents=True)
    (tmp_path / "pack" / "manifest.csv").write_text("path,class,subclass\na.ogg,other,dog_bark\n")
    (tmp_path / "pack" / "images" / "labels.csv").write_text(
        'label,label_full\nice lolly,"lolly, popsicle"\n'
    )
    tags = collect_tags(tmp_path / "pack", 100)
    assert {"dog bark", "ice lolly", "lolly", "popsicle", "lolly, popsicle", "popsicle, lolly"} <= set(tags)
    assert len(tags) == 16


def test_a_pack_without_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="names no tags"):
        collect_tags(tmp_path, 10)
