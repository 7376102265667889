"""Find damage, by detectors of any name, in paintings of any size: a hypothesis, to be reviewed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from inspect import getdoc
from pathlib import Path
from typing import Any

from tratteggio import files, registry
from tratteggio.damage import Strengths, found
from tratteggio.errors import BadUsage
from tratteggio.files import provenance
from tratteggio.filters import words
from tratteggio.painting import Lacunae, Metadata, Pixels, Scan, Stack
from tratteggio.painting.pixels import Array
from tratteggio.roles import Detector
from tratteggio.treatment.opening import facts, open, stack_of  # noqa: A004 - reads as `tg.open`
from tratteggio.version import __version__

Progress = Callable[[int, int], None]

MASKS = (".png", ".tif", ".tiff")
GIVEN = ("seed", "device")  # to every detector, not by words


def make_detector(text: str, *, seed: int = 0, device: str = "auto") -> tuple[Detector, str]:
    """Make a detector from words, for any number of paintings.

    Args:
        text: NAME or NAME:OPTION=VALUE,OPTION=VALUE; `tratteggio detect --list` shows all.
        seed: fixes every random choice.
        device: "auto", "cpu" or "cuda".

    Returns:
        the detector, and the words with all options, those too that were not told.

    Raises:
        UnknownName: no such detector or option; the message gives the nearest and all.
        BadUsage: a value that cannot be.
        TratteggioError: as the detector raises, for weights above all.
    """
    name, told = words.read(text, _options)
    known = _options(name)
    words.require_known(name, told, known)
    made: Detector = registry.load("detectors", name).make(seed=seed, device=device, **told)
    full = {key: told.get(key, option.default) for key, option in known.items()}
    return made, words.said(name, {key: value for key, value in full.items() if value is not None})


def detectors() -> list[tuple[str, str]]:
    """List every detector as it is written, with the first line of what it does."""
    return [
        (
            words.example(name, {k: v for k, v in _options(name).items() if v.default is not None}),
            (getdoc(registry.load("detectors", name)) or "").split("\n")[0],
        )
        for name in registry.names("detectors")
    ]


def detect(
    painting: Array | str | Path | Scan | Stack,
    kind: str | Detector = "tophat",
    *,
    threshold: float | None = None,
    seed: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
) -> Lacunae:
    """Find damage in a painting: a hypothesis, to be looked over before anything is filled.

    Args:
        painting: an array (H, W) or (H, W, C), uint8, uint16 or float, where a second or fourth channel is
            opacity; or what `open` takes, a scan, a stack.
        kind: a detector in words, as "tophat" or "tophat:side=both"; or one that was made.
        threshold: strengths from here on are damage, above 0 and at most 1; None: as the detector advises.
        seed: the same seed gives the same bits.
        device: "auto", "cpu" or "cuda".
        progress: called with (pixels done, pixels in all).

    Returns:
        where damage was found: the painting was looked at once, window by window, and a bit a pixel is kept.

    Raises:
        UnknownName: no such detector or option.
        BadUsage: a threshold out of its range, or an option that is refused.
        BadPixels: NaN or infinite values.
        TratteggioError: as `open` and the detector raise.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> wall = rng.integers(180, 200, (96, 96)).astype(np.uint8)
        >>> wall[40:42, 5:90] = 30
        >>> detect(wall).read()[41, 20:80].all()
        np.True_
    """
    stack = stack_of(painting)
    detector = make_detector(kind, seed=seed, device=device)[0] if isinstance(kind, str) else kind
    strengths = Strengths(_shown(stack, detector), detector, progress=progress)
    return _found(strengths, detector, threshold)


def detect_file(
    source: str | Path,
    target: str | Path,
    *,
    kind: str | Detector = "tophat",
    threshold: float | None = None,
    strength: str | Path | None = None,
    seed: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
) -> Mapping[str, Any]:
    """Find damage and write a mask (white = lost), with its history beside it.

    Args:
        source: what `open` takes.
        target: .png .tif, 8 bit.
        kind, threshold, seed, device, progress: as for `detect`.
        strength: also write how likely damage is, 255 = 1: .png .tif; other thresholds can be tried on it.

    Returns:
        the history, as it is written beside the target.

    Raises:
        BadUsage: a target that is no .png or .tif.
        UnsafeOutput: a target is the source.
        UnwritableFile: no such folder, no permission, no space. Nothing partial is left behind.
        TratteggioError: as `detect` raises.
    """
    targets = [Path(target), *([Path(strength)] if strength else [])]
    for path in targets:
        _require_mask(path)
        files.refuse_overwrite(source, path)
    detector, said = (
        make_detector(kind, seed=seed, device=device) if isinstance(kind, str) else (kind, kind.name)
    )
    stack = _shown(open(source), detector)
    pixels: Pixels = Strengths(stack, detector, progress=progress)
    plain = _on_grid(stack.primary)
    if strength:
        # Written first and read again: windows are looked at once, and the mask is that of the file.
        files.write(pixels, strength, metadata=plain.metadata)
        pixels = files.read(strength).pixels
    lacunae = _found(pixels, detector, threshold)
    history = {
        "tratteggio": __version__,
        "verb": "detect",
        "what": "a hypothesis: places that a detector holds for damage, to be reviewed by an expert",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": facts(stack.primary),
        "also_read": {
            scan.modality: {"name": provenance.short_name(scan.name), "sha256": provenance.sha256_of(scan)}
            for scan in stack.scans
            if scan is not stack.primary
        },
        "detector": told(detector, said, threshold),
        "found_px": lacunae.lost_px,
        "found_share": lacunae.share,
    }
    return files.save_made(
        replace(plain, pixels=files.white_where_lost(lacunae)), target, source=stack.primary, history=history
    )


def told(detector: Detector, said: str, threshold: float | None) -> dict[str, Any]:
    """Say which detector this is, for the history."""
    return {
        "name": detector.name,
        "words": said,
        "damage": detector.damage,
        "threshold": detector.threshold if threshold is None else threshold,
        "trace": detector.trace._asdict(),
        "parameters": detector.parameters,
    }


def _options(name: str) -> dict[str, words.Option]:
    return words.options(registry.load("detectors", name).make, given=GIVEN)


def _shown(stack: Stack, detector: Detector) -> Stack:
    """Keep the primary scan and those that the detector reads; the others need no memory."""
    if detector.reads is None:
        return stack
    kept = (stack.primary.modality, *detector.reads)
    return replace(stack, scans=tuple(scan for scan in stack.scans if scan.modality in kept))


def _found(strengths: Pixels, detector: Detector, threshold: float | None) -> Lacunae:
    return found(
        strengths,
        threshold=detector.threshold if threshold is None else threshold,
        trace=detector.trace,
        name=f"what {detector.name} found",
    )


def _on_grid(scan: Scan) -> Scan:
    """Return a scan without profile and opacity: what is laid over it is as large and turned the same way."""
    metadata = scan.metadata
    return replace(
        scan, alpha=False, metadata=Metadata(metadata.resolution, metadata.unit, metadata.orientation)
    )


def _require_mask(path: Path) -> None:
    if path.suffix.lower() not in MASKS:
        raise BadUsage(f"{path}: masks and maps are {' '.join(MASKS)}; JPEG would blur their edges")
    files.require_scan_writable(path)
