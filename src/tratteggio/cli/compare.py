"""`tratteggio compare`: a page that shows two images with a slider between them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, Overwrite, Quiet, White, conversation
from tratteggio.cli.folders import is_folder, work_through


def compare(
    before: Annotated[
        Path, typer.Argument(metavar="A", help="The image on the left of the slider, or a folder.")
    ],
    after: Annotated[
        Path,
        typer.Argument(
            metavar="B", help="The image on the right, or a folder with images of the same names."
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The page to write; for two folders, a folder that exists.")
    ] = Path("curtain.html"),
    true_pixels: Annotated[
        bool,
        typer.Option(
            "--true-pixels",
            help="Also show every pixel at 1:1 and 2:1. Above 24 megapixels, --output is a folder, such as "
            "curtain; open its index.html.",
        ),
    ] = False,
    longest: Annotated[int, typer.Option(help="Longest side of the images on the page, in pixels.")] = 2400,
    white: White = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a page that compares two images. Drag the slider to see one or the other.

    Of two folders, the images of the same name are compared, each on a page of its own.

    Example: tratteggio compare panel.tif proposal.tif -o curtain.html
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.errors import BadUsage
        from tratteggio.pages import compare as write_curtain
        from tratteggio.pages.comparison import INDEX

        def write_one(left: Path, right: Path, page: Path) -> tuple[dict[str, str], str]:
            write_curtain(
                left, right, page, longest=longest, true_pixels=true_pixels, white=white, overwrite=overwrite
            )
            shown = page if page.suffix else page / INDEX
            return {"output": str(shown)}, f"Wrote {shown}."

        if is_folder(before) and is_folder(after):
            if not output.is_dir():
                raise BadUsage(
                    f"two folders are compared on several pages; --output must be a folder, got {output}"
                )
            shared = _shared_names(before, after)
            work_through(
                console, before, [before / name for name in shared],
                lambda left: write_one(left, after / left.name, output / f"{left.name}.curtain.html"),
                done="compared",
            )  # fmt: skip
            return
        if is_folder(before) or is_folder(after):
            raise BadUsage(f"{before} and {after} must be two images or two folders")
        values, line = write_one(before, after, output)
        console.result(values, f"{line} Open it in a browser.")


def _shared_names(before: Path, after: Path) -> list[str]:
    """List the images that two folders both have.

    Raises:
        UnreadableFile: there is none.
    """
    from tratteggio.errors import UnreadableFile
    from tratteggio.files.kinds import image_suffixes

    known = image_suffixes()
    names = [
        file.name
        for file in sorted(before.iterdir())
        if file.suffix.lower() in known and (after / file.name).exists()
    ]
    if not names:
        raise UnreadableFile(
            f"{before} and {after} have no image of the same name; give two files, or folders with images "
            "of the same names"
        )
    return names
