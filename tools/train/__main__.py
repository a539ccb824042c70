"""`python -m tools.train MODEL`: train, quantize and write a model folder. Seeded and resumable."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tools import progress
from tools.paths import data_root

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def main() -> None:
    """Parse the command line and run the training of one model."""
    parser = argparse.ArgumentParser(prog="python -m tools.train", description=__doc__)
    models = parser.add_subparsers(dest="model", required=True)
    add_segmenter(models)
    add_lips(models)
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


def add_folders(parser: argparse.ArgumentParser, model: str) -> None:
    """Add where a training reads from and writes to."""
    parser.add_argument("--data", type=Path, default=data_root(), help="folder with train/ and eval/")
    parser.add_argument("--run", type=Path, default=Path(f"runs/{model}"), help="checkpoints and logs")
    parser.add_argument("--out", type=Path, default=Path(f"models_quantized/{model}"))
    parser.add_argument("--float-out", type=Path, default=Path(f"tools/train/{model}/float"))


def train_segmenter(options: argparse.Namespace) -> None:
    """Train the segmenter, or only quantize or check it."""
    from tools.train.segmenter import pipeline, unseen  # noqa: PLC0415 - torch takes seconds

    job = pipeline.Job(
        data=options.data,
        run=options.run,
        out=options.out,
        float_out=options.float_out,
        logs=options.logs,
        steps=options.steps,
        scenes=options.scenes,
        towers=options.towers,
        threads=options.threads,
        commercial_only=options.commercial_only,
        music=tuple(options.music),
    )
    if options.unseen:
        print(unseen.table(unseen.evaluate(job)))
    elif options.requantize:
        pipeline.requantize(job)
    else:
        pipeline.run(job)


def train_lips(options: argparse.Namespace) -> None:
    """Train the lip network, or only check it."""
    from tools.train.lips import pipeline  # noqa: PLC0415 - torch takes seconds

    job = pipeline.Job(
        data=options.data,
        run=options.run,
        out=options.out,
        float_out=options.float_out,
        steps=options.steps,
        threads=options.threads,
    )
    if options.check:
        pipeline.check(job)
    else:
        pipeline.run(job)


if __name__ == "__main__":
    main()
