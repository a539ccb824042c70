"""`python -m tools.train segmenter`: train, quantize and write a model folder. Seeded and resumable."""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.paths import data_root


def main() -> None:
    """Parse the command line and run the training of one model."""
    parser = argparse.ArgumentParser(prog="python -m tools.train", description=__doc__)
    models = parser.add_subparsers(dest="model", required=True)
    segmenter = models.add_parser("segmenter", help="singing / speaking / music / other")
    segmenter.add_argument("--data", type=Path, default=data_root(), help="folder with train/ and eval/")
    segmenter.add_argument("--run", type=Path, default=Path("runs/segmenter"), help="checkpoints and logs")
    segmenter.add_argument("--out", type=Path, default=Path("models_quantized/segmenter"))
    segmenter.add_argument("--float-out", type=Path, default=Path("tools/train/segmenter/float"))
    segmenter.add_argument("--logs", type=Path, default=Path("tools/train/segmenter/logs"))
    segmenter.add_argument(
        "--music", type=Path, action="append", default=[], metavar="DIR", help="further instrumental music"
    )
    segmenter.add_argument("--steps", type=int, default=4000, help="batches of 32 clips for each tower")
    segmenter.add_argument("--scenes", type=int, default=3000, help="scenes for the fusion")
    segmenter.add_argument(
        "--towers", type=int, default=2, help="towers, trained side by side, one a process"
    )
    segmenter.add_argument("--threads", type=int, default=1, help="threads for each tower")
    segmenter.add_argument("--commercial-only", action="store_true", help="leave out restricted licences")
    other = segmenter.add_mutually_exclusive_group()
    other.add_argument(
        "--requantize", action="store_true", help="train nothing: quantize the networks in --float-out anew"
    )
    other.add_argument(
        "--unseen",
        action="store_true",
        help="write no model: leave out a sixth of the sources in turn, and label it",
    )
    options = parser.parse_args()

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


if __name__ == "__main__":
    main()
