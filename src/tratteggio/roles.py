"""What engines, detectors, enhancers and formats must offer. A new one is one file in its folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tratteggio.painting import Lacunae, Metadata, Pixels, Region, Restoration, Scan, Stack
from tratteggio.painting.pixels import Array


class Engine(Protocol):
    """Fills lacunae. Built before the painting enters; keeps no state between windows.

    Each module in `engines/` has `make(*, seed: int, device: str) -> Engine` plus its own keyword options.
    """

    @property
    def name(self) -> str:
        """The module's name."""

    @property
    def reads(self) -> tuple[str, ...] | None:
        """Modalities that the engine looks at beside the scan that it fills, if they are there; None: all."""

    @property
    def halo(self) -> int:
        """Pixels around a lacuna that a window shows at least; if `local`, all that influence its fill."""

    @property
    def local(self) -> bool:
        """True if a group of lacunae is filled alike, bit by bit, in whatever window holds it and its halo.

        False if the window as a whole counts, as for a net that takes it in at one look. Tiled equals whole
        all the same, since windows come from the lacunae and not from the tiles.
        """

    @property
    def capacity(self) -> int:
        """Most lost pixels that are filled in one piece.

        A group with more, or a very wide one, is cut into overlapping windows, with a coarse fill of the
        whole group at their rims.
        """

    @property
    def learnt(self) -> bool:
        """True if trained weights have a part in what it answers; its picture states so in its metadata."""

    @property
    def parameters(self) -> dict[str, Any]:
        """What was chosen, for the history."""

    def prepare(self, stack: Stack, lacunae: Lacunae) -> Any:
        """Look once at the whole, at reduced scale if it is huge; what is returned goes to every `fill`."""

    def fill(self, window: Stack, lacunae: Lacunae, context: Any) -> tuple[Array, NDArray[np.float32]]:
        """Propose pixels for the lacunae of one window.

        Args:
            window: a crop of the painting, in memory: the scan to fill, and those of `reads`. Lost pixels,
                and those that a scan does not show (`Scan.seen`), hold 0.
            lacunae: what is lost or not shown in that crop; one pixel at least is lost, and one known.
            context: what `prepare` returned.

        Returns:
            fill (h, w, channels) of float32 or float64 in the units of the scan (0 .. 255 for uint8);
            read only where lost. confidence (h, w) float32 in 0 .. 1.
        """


@runtime_checkable
class Sampler(Protocol):
    """An engine that knows several plausible fills."""

    def sample(self, number: int) -> Engine:
        """Return the engine that gives fill `number`, from 1 on, instead of what it holds for best."""


@runtime_checkable
class SourceTeller(Protocol):
    """An engine that tells what it made its fill from."""

    def fill_from_sources(
        self, window: Stack, lacunae: Lacunae, context: Any
    ) -> tuple[Array, NDArray[np.float32], dict[str, Array]]:
        """Propose pixels as `Engine.fill` does, and tell what they come from.

        Returns:
            fill and confidence; and for each source in words, as "irr, xray" or "paint around", its share in
            each lost pixel: (h, w) of 0 .. 1, which add up to 1.
        """


class Enhancer(Protocol):
    """Improves a scan. Built before the scan enters; keeps no state between windows.

    Each module in `enhancers/` has `make(*, device: str) -> Enhancer` plus its own keyword options. What it
    answers is a hypothesis, and told as such.
    """

    @property
    def name(self) -> str:
        """The module's name."""

    @property
    def scale(self) -> int:
        """Pixels a side of the answer for each pixel of the scan, from 1 on."""

    @property
    def reach(self) -> int:
        """Pixels of the scan about a window that all influence on its answer comes from."""

    @property
    def step(self) -> int:
        """Windows begin at multiples of it, in pixels of the scan: the stride of a net; 1: anywhere."""

    @property
    def learnt(self) -> bool:
        """True if trained weights have a part in what it answers; its picture states so in its metadata."""

    @property
    def parameters(self) -> dict[str, Any]:
        """What was chosen, for the history: options, `weights_sha256`."""

    def channels(self, scan: Scan) -> int:
        """Return how many colour channels the answer has: those of the scan, or three in sRGB for its one.

        Raises:
            BadUsage: the enhancer cannot take such a scan; the message says which it takes.
        """

    def prepare(self, scan: Scan) -> Any:
        """Look once at the whole, at reduced scale if huge; what is returned goes to every `enhance`."""

    def enhance(self, window: Array, region: Region, context: Any) -> Array:
        """Improve one window.

        Args:
            window: (h, w, channels of the scan) float32, 0 = black, 1 = white; floats of the scan may go
                beyond. It ends at the border of the scan, or `reach` pixels beyond what is asked for.
            region: where it lies in the scan.
            context: what `prepare` returned.

        Returns:
            (h * scale, w * scale, `channels`) float32, in the same light.
        """


@runtime_checkable
class Finder(Protocol):
    """An enhancer that reads numbers off a scan unless it is told them."""

    def found(self, scan: Scan) -> dict[str, float]:
        """Return what was read off, for the history; nothing of what was told."""


@runtime_checkable
class Consulting(Protocol):
    """An enhancer that reads files beside the scan, such as hints."""

    @property
    def reads(self) -> tuple[Path, ...]:
        """Which; they are checked like inputs, and named in the history."""


@runtime_checkable
class Developer(Protocol):
    """An enhancer that makes a picture of camera raw, and takes nothing else."""

    @property
    def ratio(self) -> float | None:
        """How many times the light is amplified; None goes by the scan."""


class Detector(Protocol):
    """Finds damage. Built before the painting enters; keeps no state between windows.

    Each module in `detectors/` has `make(*, seed: int, device: str) -> Detector` plus its own options.
    """

    @property
    def name(self) -> str:
        """The module's name."""

    @property
    def damage(self) -> str:
        """What it finds: a class of the damage map, one of `tratteggio.damage.CLASSES`."""

    @property
    def reads(self) -> tuple[str, ...] | None:
        """Modalities that it looks at beside the primary scan, if they are there; None: all."""

    @property
    def reach(self) -> int:
        """Pixels about a window that its answer depends on."""

    @property
    def step(self) -> int:
        """Windows begin at multiples of it: that of a net with strides, else 1."""

    @property
    def threshold(self) -> float:
        """Strengths from here on are damage, unless the user says otherwise; above 0."""

    @property
    def trace(self) -> Trace:
        """How strong places are joined, and which pieces are dropped."""

    @property
    def parameters(self) -> dict[str, Any]:
        """What was chosen, for the history; hashes of weights among it."""

    def prepare(self, stack: Stack) -> Any:
        """Look once at the whole, at reduced scale if it is huge; what is returned goes to every `detect`."""

    def detect(self, window: Stack, context: Any) -> NDArray[np.float32]:
        """Tell how likely damage is at each pixel of a window.

        Args:
            window: a crop of the painting, in memory; its floats are finite.
            context: what `prepare` returned.

        Returns:
            (h, w) float32 in 0 .. 1; a probability where it was learnt.
        """


class Trace(NamedTuple):
    """How places that a detector holds for damage are joined and which are dropped, in pixels.

    Attributes:
        weak: share of the threshold from which a place counts if it hangs on a stronger one; 1: no place.
        follow: how far, from pixel to pixel, weak places are followed from a strong one.
        shortest: a piece with neither side of its box as long as this is dropped.
        blot: a piece with both sides of its box shorter than this is dropped as well if it is no line:
            if it covers more than `roundest` of the square of its longer side. 0 for what may be round.
        roundest: that share.
    """

    weak: float = 1.0
    follow: int = 0
    shortest: int = 0
    blot: int = 0
    roundest: float = 1.0

    @property
    def reach(self) -> int:
        """Pixels about a place that its answer depends on."""
        return self.follow + max(self.shortest, self.blot) + 1


@dataclass(frozen=True)
class Keeps:
    """What files of a format can hold. A writer gets only what fits; notes say what is left out.

    Attributes:
        depths: names of the dtypes of samples that are kept bit by bit, shallow first.
        channels: numbers of colour channels, beside opacity; None: any number.
        alpha: opacity as a last channel.
        profile: a colour profile.
        resolution: pixels per inch or centimetre.
        orientation: how a viewer turns the pixels.
        exif: EXIF and XMP.
        white: a sample that stands for white, where it is not that of the depth.
        inverted: grey that is stored with 0 as white.
        alpha_kinds: what the last channel is, if it is not plain opacity.
        bound_notes: maker notes in EXIF that hold positions in the source file.
        foreign: keys of `Metadata.foreign` that are written back.
        layers: original, fill and lacunae of a proposal in one file.
        scans: several scans of one painting.
        pyramid: smaller copies, so that a reduced view is read without the whole.
        lossless: every sample comes back as it was written.
        longest: most pixels a side; None: no limit.
    """

    depths: tuple[str, ...] = ()
    channels: tuple[int, ...] | None = (1, 3)
    alpha: bool = False
    profile: bool = False
    resolution: bool = False
    orientation: bool = False
    exif: bool = False
    white: bool = False
    inverted: bool = False
    alpha_kinds: bool = False
    bound_notes: bool = True
    foreign: tuple[str, ...] = ()
    layers: bool = False
    scans: bool = False
    pyramid: bool = False
    lossless: bool = True
    longest: int | None = None


@dataclass(frozen=True)
class Facts:
    """What is known of a format before any file of it is opened.

    Attributes:
        title: the format in messages, as in "panel.png is not a sound PNG file": "PNG".
        suffixes: ends of file names in lower case, the usual one first: (".tif", ".tiff"). One may have two
            parts (".ome.tif"). The longest suffix that a name ends in decides.
        keeps: what its files can hold.
        folder: None if it is a file. Else it is a folder, and this file in it shows that it is one.
        names_scans: one of its scans is read as "panel.ome.zarr/irr", by its modality.
        codec: how samples are compressed, if `Metadata.foreign["compression"]` does not say.
        compressions: what a user can choose among when writing; empty: there is no choice.
    """

    title: str
    suffixes: tuple[str, ...]
    keeps: Keeps
    folder: str | None = None
    names_scans: bool = False
    codec: str = ""
    compressions: tuple[str, ...] = ()


@runtime_checkable
class Format(Protocol):
    """One kind of files. Each module in `formats/`, or behind an entry point of `tratteggio.formats`, is one.

    The module has `FACTS` and `recognizes`, and the functions of what it can do: `ScanReader`, `StackReader`,
    `ScanWriter`, `StackWriter`, `ProposalWriter`, `Publisher`, `ClassMaps`, `LayerReader`, `OutlineReader`.
    It is imported to look at any file, so it imports its codecs inside its functions.

    `tratteggio.files` does the rest, for all formats alike:

    - What a reader raises becomes `UnreadableFile` with the name of the file, now or when pixels are read.
      A reader raises `UnsupportedFile` for a sound file that it does not take.
    - Metadata that make no sense are left out with a note.
    - A reader allocates no more than `files.limits` allows: it calls `require_decodable` and
      `require_metadata` with what a header claims, before it allocates.
    - A writer gets a temporary path, which is renamed when it is complete. It never sees the target.
    """

    @property
    def FACTS(self) -> Facts:  # noqa: N802 a constant of the module
        """What is known of the format."""

    def recognizes(self, path: Path, start: bytes) -> bool:
        """True if what lies at `path` is of this format, however damaged.

        If several formats say so, the one with the longest suffix of the name is taken.

        Args:
            path: a file or a folder, which may be missing.
            start: the first 64 bytes of the file; empty for a folder and for what is missing.
        """


@runtime_checkable
class ScanReader(Format, Protocol):
    """A format whose files hold one scan."""

    def open_scan(self, path: Path, *, modality: str, bilevel: bool) -> Scan:
        """Open a file by its header; pixels are read later.

        Args:
            path: the file. It is there and not empty.
            modality: that of the scan.
            bilevel: take 1-bit files too, as 0 and 255. If False, refuse them with `UnsupportedFile`.

        Returns:
            a scan with the name str(path). Its pixels have `shape` (H, W) or (H, W, C), `dtype` and slicing,
            best as a subclass of `LazyPixels`. They may say `by_region` (False if they are decoded together),
            `layout` ("strips", "tiles" or "whole") and `levels` (smaller copies, large first).
        """


@runtime_checkable
class StackReader(Format, Protocol):
    """A format that holds several scans of one painting."""

    def open_stack(self, path: Path) -> Stack | None:
        """Open all scans by their headers; None: it is none of this format after all, ask the next one.

        Scans are named str(path / modality).
        """

    def read_history(self, path: Path) -> dict[str, Any] | None:
        """Return how the stack came to be; None if it does not say."""


@runtime_checkable
class ScanWriter(Format, Protocol):
    """A format that holds pixels: TIFF, PNG, JPEG, ..."""

    def write_scan(
        self,
        pixels: Pixels,
        file: Path,
        *,
        metadata: Metadata,
        alpha: bool,
        compression: str | None,
        name: str,
    ) -> None:
        """Write pixels, read once and in bands, so that they may be huge and lazy.

        Args:
            pixels: (H, W) or (H, W, C), of a depth, a number of channels and a size that `Keeps` states.
            file: where to.
            metadata: what the format can hold of it is written.
            alpha: True if the last channel is opacity.
            compression: one of `Facts.compressions`, or None.
            name: of the output, for messages.
        """


@runtime_checkable
class StackWriter(Format, Protocol):
    """A format that holds the scans of a stack."""

    def require_stack(self, stack: Stack, target: Path) -> None:
        """Refuse a stack that the format cannot hold; no pixel is read.

        Raises:
            BadUsage: the message names the target and the scan.
        """

    def write_stack(
        self,
        stack: Stack,
        place: Path,
        *,
        history: dict[str, Any] | None,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        """Write all scans, each read once from top to bottom.

        Args:
            stack: what `require_stack` let pass.
            place: where to: a file; or an empty folder, if the format is one.
            history: plain JSON values, which `read_history` gives back.
            progress: called with (pixels read, pixels in all), scans counted one by one.
        """


@runtime_checkable
class ProposalWriter(Format, Protocol):
    """A format that holds original, fill and lacunae as layers of one file."""

    def write_proposal(self, restoration: Restoration, file: Path) -> None:
        """Write the layers; the history is written beside it."""


class Layer(NamedTuple):
    """One picture of a publication.

    Attributes:
        name: of its folder: letters, digits, ".", "_" and "-".
        label: what viewers call it.
        scan: what it shows; all layers of a publication are on one grid.
        differs: where it differs from the first layer, whose depth and profile it has; None: it is a scan of
            its own.
    """

    name: str
    label: str
    scan: Scan
    differs: Lacunae | None = None


@dataclass(frozen=True, eq=False)
class Publication:
    """One painting as it is published: pictures over each other, damage, and what is said of it.

    Attributes:
        title: what the painting is called.
        layers: at least one; viewers show the first one to begin with.
        damage: where there is damage, by entry of the legend.
        facts: (label, value) in plain text.
        history: how the proposal or the stack came to be; JSON-like.
        rights: the address of a licence or rights statement.
        statement: what viewers must show: who owns it, that parts are a hypothesis.
    """

    title: str
    layers: tuple[Layer, ...]
    damage: Mapping[str, Lacunae]
    facts: tuple[tuple[str, str], ...] = ()
    history: Mapping[str, Any] | None = None
    rights: str | None = None
    statement: str | None = None


@runtime_checkable
class Publisher(Format, Protocol):
    """A format that publishes paintings as a folder for web servers."""

    def publish(
        self,
        publication: Publication,
        folder: Path,
        *,
        address: str,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        """Write one painting; each layer is read once, in bands.

        Args:
            publication: what to write.
            folder: an empty one.
            address: where the folder will be reached, without "/" at the end.
            progress: called with (pixels read, pixels in all), scans counted one by one.
        """

    def collect(self, title: str, members: Sequence[tuple[str, str]], folder: Path, *, address: str) -> None:
        """Write the list of several published paintings.

        Args:
            title: of the list.
            members: (folder, title) of each painting.
            folder: the one that holds theirs.
            address: where it will be reached.
        """


@runtime_checkable
class ClassMaps(Format, Protocol):
    """A format that holds numbered classes with a colour for each."""

    def write_classes(
        self,
        indices: Pixels,
        file: Path,
        palette: Sequence[tuple[int, int, int]],
        *,
        metadata: Metadata,
        name: str,
    ) -> None:
        """Write numbers (H, W) uint8, each below the length of the palette, which is at most 256."""

    def read_classes(self, path: Path) -> Array:
        """Read a map as colours: (H, W), (H, W, 2), (H, W, 3) or (H, W, 4); an even last axis has opacity."""

    def read_orientation(self, path: Path) -> int:
        """Return the orientation tag, 1 to 8; 1 if there is none."""


@runtime_checkable
class LayerReader(Format, Protocol):
    """A format whose files hold layers with names, one of which may be a mask."""

    def list_layers(self, path: Path) -> list[str]:
        """List the names of all layers that hold pixels, in a stated order; names may repeat."""

    def open_layer(self, path: Path, number: int) -> Scan:
        """Open one layer, by its place in that list.

        Returns:
            a scan on the whole canvas with the name str(path), clear where the layer has no pixels.
        """


class Outlines(NamedTuple):
    """Areas as a file draws them, in pixels of the painting.

    Attributes:
        polygons: each a list of rings (n, 2) float64 of (column, row), where (0, 0) is the upper left corner
            of the first pixel. A place within an odd number of rings of a polygon lies in it.
        left_out: what the file holds besides, by kind, and how often: {"text": 1}.
    """

    polygons: list[list[NDArray[np.float64]]]
    left_out: dict[str, int]


@runtime_checkable
class OutlineReader(Format, Protocol):
    """A format whose files draw areas as polygons."""

    def read_outlines(self, path: Path, grid: tuple[int, int]) -> Outlines:
        """Read all areas, for a painting of (rows, cols)."""
