"""Fills compared by people who do not know which is which.

    python benchmarks/blind.py make -o OUT --key KEY.json --compare GROUP DAMAGED ONE TWO [--compare ...]
    python benchmarks/blind.py count --key KEY.json VOTES.csv [VOTES.csv ...]

DAMAGED, ONE and TWO are folders of images; those whose names are in all three make pairs, in the order of
their names. `benchmarks/appearance.py --fills FOLDER` writes such folders. OUT gets `pairs.html`, which takes
votes and saves them, and a PNG for each pair. KEY.json says which is which; keep it from those who vote.

`count` prints for each group how often ONE was preferred, with a confidence interval of 95 % (Wilson). Votes
for neither are told apart and do not count.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from tratteggio.experiments._blind import Pair, count, write


def pairs(group: str, *folders: Path) -> list[Pair]:
    """Read the images that all three folders have."""
    names = sorted(set.intersection(*({file.name for file in folder.iterdir()} for folder in folders)))
    if not names:
        raise SystemExit(f"no image is in all of {', '.join(map(str, folders))}")
    read = [[np.asarray(Image.open(folder / name).convert("RGB")) for folder in folders] for name in names]
    return [Pair(group, *pictures) for pictures in read]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    make = verbs.add_parser("make", help="write pairs without names")
    make.add_argument("-o", "--out", type=Path, required=True)
    make.add_argument("--key", type=Path, required=True)
    make.add_argument("--compare", nargs=4, action="append", required=True, metavar="X")
    make.add_argument("--seed", type=int, default=0)
    counting = verbs.add_parser("count", help="count votes")
    counting.add_argument("--key", type=Path, required=True)
    counting.add_argument("votes", type=Path, nargs="+")
    options = parser.parse_args()
    if options.verb == "make":
        found = [
            pair
            for group, *folders in options.compare
            for pair in pairs(group, *(Path(folder) for folder in folders))
        ]
        write(found, options.out, options.key, seed=options.seed)
        print(f"{len(found)} pairs in {options.out}, key in {options.key}")
        return
    print("| group | first preferred | 95 % | votes | no difference |\n| --- | ---: | ---: | ---: | ---: |")
    for group, votes in count(options.key, options.votes).items():
        interval = f"{votes.low:.0%} to {votes.high:.0%}"
        print(f"| {group} | {votes.share:.0%} | {interval} | {votes.won + votes.lost} | {votes.equal} |")


if __name__ == "__main__":
    main()
