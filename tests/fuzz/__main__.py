"""Fuzz one parser, led by what of it each input reaches: `python -m tests.fuzz TARGET --runs 10000`.

What is found is written to `.build/fuzz/TARGET/`, and the message says where; `--input FILE` gives it again, without
any fuzzing. Inputs that reached something new are kept in `.build/fuzz/TARGET/corpus`, unless `--fresh` is given: then
the same seed makes the same inputs.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["governance"]):
    from tests.fuzz.seeds import dictionary, seeds
    from tests.fuzz.targets import TARGETS

LONGEST = 4_096
"""Bytes of an input: enough for every shape; how work grows with size is counted elsewhere."""

SLOWEST = 60
"""Seconds that an input may take before it counts as a fault."""

MEMORY = 2_048
"""MiB that the process may take before it counts as a fault."""


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--runs", type=int, default=-1, help="stop after so many inputs")
    parser.add_argument("--seconds", type=int, default=0, help="stop after so long")
    parser.add_argument("--seed", type=int, default=1, help="what chance begins with")
    parser.add_argument("--fresh", action="store_true", help="begin with the seeds alone and keep nothing")
    parser.add_argument("--folder", type=Path, default=Path(".build/fuzz"), help="where what is found goes")
    parser.add_argument("--input", type=Path, help="give this input once, and nothing else")
    return parser.parse_args(arguments)


def emptied(folder: Path) -> Path:
    """Return `folder`, which is there and has nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def planted(folder: Path, target: str) -> Path:
    """Write the seeds of `target` into `folder`, each under a number, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(target)):
        (folder / f"seed-{number:04d}").write_bytes(seed)
    return folder


def main(arguments: list[str]) -> None:
    asked = parsed(arguments)
    if asked.input is not None:
        TARGETS[asked.target](asked.input.read_bytes())
        print(f"{asked.input}: a value or a diagnostic")
        return
    place = asked.folder / asked.target
    scratch = emptied(
        place / "scratch"
    )  # libFuzzer ends the process itself, so nothing is removed afterwards
    tempfile.tempdir = str(scratch)
    words = scratch / "words"
    words.write_text(dictionary())
    corpus = planted((scratch if asked.fresh else place) / "corpus", asked.target)
    options = [
        f"-dict={words}",
        f"-runs={asked.runs}",
        f"-max_total_time={asked.seconds}",
        f"-seed={asked.seed}",
        f"-max_len={LONGEST}",
        f"-timeout={SLOWEST}",
        f"-rss_limit_mb={MEMORY}",
        f"-artifact_prefix={place}/",
        "-reload=0",
        "-print_final_stats=1",
        "-verbosity=1" if sys.stderr.isatty() else "-verbosity=0",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], TARGETS[asked.target])
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
