"""`tratteggio sign`: sign a picture that was made here with your own certificate."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from tratteggio.cli.console import Json, Overwrite, Quiet, conversation

PASSPHRASE = "TRATTEGGIO_KEY_PASSPHRASE"


def sign(
    picture: Annotated[
        Path, typer.Argument(metavar="FILE", help="A proposal or an enhanced picture: TIFF, PNG or JPEG.")
    ],
    certificate: Annotated[
        Path,
        typer.Option(help="Your certificate in PEM form, followed by those that issued it."),
    ],
    key: Annotated[
        Path,
        typer.Option(
            help=f"The private key in PEM form. The passphrase of an encrypted key is read from {PASSPHRASE}."
        ),
    ],
    timestamp_url: Annotated[
        str | None,
        typer.Option(
            "--timestamp-url",
            metavar="URL",
            help="A time-stamping authority (RFC 3161). It is asked over the network. Default: none.",
        ),
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Sign a picture with Content Credentials (C2PA). The samples stay the same.

    A TIFF of several pages or a file above 256 MiB is not touched: a signed receipt is written beside it.
    `verify` shows who signed a picture, and whether it was changed since. Sign last: programs that change a
    file break its signature.

    Example: tratteggio sign proposal.tif --certificate chain.pem --key key.pem
    """
    with conversation(as_json=json, quiet=quiet) as console:
        from tratteggio.credentials import sign as sign_picture

        done = sign_picture(
            picture, certificate=certificate, key=key, passphrase=os.environ.get(PASSPHRASE),
            timestamp_url=timestamp_url, overwrite=overwrite,
        )  # fmt: skip
        line = f"Signed {picture} as {done.signer}."
        if done.receipt:
            line = f"Wrote {done.file}, a receipt signed as {done.signer}, because {done.receipt}."
        console.result(
            {"output": str(done.file), "signer": done.signer, "receipt": done.receipt or None},
            f"{line} Check it: tratteggio verify {picture}",
        )
