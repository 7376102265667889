"""Small sound inputs of every format and sidecar, and how a user has each of them read."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tifffile
from PIL import Image, PngImagePlugin
from PIL.ImageCms import ImageCmsProfile, createProfile

from files.dng import write_dng
from fuzz.mutate import PNG, chunk, chunks_of

ROWS, COLS = 24, 32
Words = tuple[str, ...]

INSPECT = ("inspect", "{}")
FILL = ("inpaint", "{}", "--mask", "mask.png", "-o", "out.tif", "--engine", "tension")
VERIFY, REPORT = ("verify", "out.tif"), ("report", "out.tif", "-o", "out.html", "--rows", "3")


class Seed(NamedTuple):
    """A folder of sound files.

    Attributes:
        files: content by name, within the folder.
        touched: the files that are mutated, one of them at a time.
        verbs: command lines that read them; `{}` is the first of the touched files.
        wrap: how a mutated block is put into the file that holds it, if it is no file of its own.
    """

    files: dict[str, bytes]
    touched: Words
    verbs: tuple[Words, ...]
    wrap: Callable[[str, bytes], tuple[str, bytes]] | None = None

    @property
    def refusable(self) -> bool:
        """Palettes are sound, but not read everywhere."""
        return any("palette" in name for name in self.touched)


def paint(channels: int = 3, dtype: type = np.uint8) -> np.ndarray:
    rows, cols, third = np.mgrid[:ROWS, :COLS, :channels]
    share = (40 + 5 * rows + 2 * cols + 9 * third) / 300
    pixels = share if np.issubdtype(dtype, np.floating) else share * np.iinfo(dtype).max
    return pixels.astype(dtype)


def lost() -> np.ndarray:
    mask = np.zeros((ROWS, COLS), np.uint8)
    mask[6:10, 8:14] = mask[16:18, 20:30] = 255
    return mask


def seeds(kind: str, folder: Path) -> list[Seed]:
    """Make the seeds of a format in an empty folder."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        Image.fromarray(lost()).save("mask.png")
        return list(FORMATS[kind](folder))
    finally:
        os.chdir(here)


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and "tensorboard" not in file.parts
    }


def _run(*words: str) -> None:
    from tratteggio.cli.main import app

    ended = app(list(words), standalone_mode=False)
    assert ended in (None, 0), words


def _each(folder: Path, names: Iterator[str], *verbs: Words) -> Iterator[Seed]:
    """Make a seed of each file that is written, alone with the mask."""
    mask = (folder / "mask.png").read_bytes()
    for name in names:
        filled = tuple(tuple(word.replace("{}", name) for word in verb) for verb in verbs)
        yield Seed({"mask.png": mask, name: (folder / name).read_bytes()}, (name,), filled)


def _tiff(folder: Path) -> Iterator[Seed]:
    wide, tile = paint(dtype=np.uint16), {"tile": (16, 16)}
    kinds: dict[str, tuple[np.ndarray, dict[str, object]]] = {
        "classic": (wide, {"resolution": (300, 300), "resolutionunit": 2}),
        "big": (wide, {"bigtiff": True}),
        "tiled": (wide, {**tile, "compression": "deflate", "predictor": True}),
        "lzw": (paint(), {"compression": "lzw", "rowsperstrip": 5, "byteorder": ">"}),
        "jpeg": (paint(), {"compression": "jpeg", **tile}),
        "float": (paint(dtype=np.float32), {"photometric": "rgb"}),
        "alpha": (paint(4), {"extrasamples": ["unassalpha"], "photometric": "rgb"}),
        "grey": (paint(1)[..., 0], {"photometric": "miniswhite"}),
        "planar": (np.moveaxis(wide, 2, 0), {"planarconfig": "separate", "photometric": "rgb"}),
    }

    def written() -> Iterator[str]:
        for name, (pixels, options) in kinds.items():
            tifffile.imwrite(f"{name}.tif", pixels, **{"photometric": "rgb", "metadata": None, **options})
            yield f"{name}.tif"
        with tifffile.TiffWriter("pyramid.tif") as file:
            file.write(wide, subifds=1, photometric="rgb", **tile)
            file.write(wide[::2, ::2], subfiletype=1, photometric="rgb", **tile)
        yield "pyramid.tif"

    return _each(folder, written(), INSPECT, FILL)


def _png(folder: Path) -> Iterator[Seed]:
    from tratteggio import files

    def written() -> Iterator[str]:
        told = PngImagePlugin.PngInfo()
        told.add_text("Title", "a", zip=True)
        told.add_itxt("XML:com.adobe.xmp", XMP.decode())
        Image.fromarray(paint()).save(
            "eight.png", dpi=(300, 300), pnginfo=told, exif=_exif(), icc_profile=_icc()
        )
        files.write(paint(dtype=np.uint16), "sixteen.png")
        Image.fromarray(paint(4)).save("alpha.png")
        Image.fromarray(paint()).quantize(16).save("palette.png")
        Image.fromarray(paint(1)[..., 0]).save("grey.png", transparency=40)
        yield from ("eight.png", "sixteen.png", "alpha.png", "palette.png", "grey.png")

    fill = tuple(word.replace("out.tif", "out.png") for word in FILL)
    return _each(folder, written(), INSPECT, fill, FILL)


def _jpeg(folder: Path) -> Iterator[Seed]:
    def written() -> Iterator[str]:
        picture = Image.fromarray(paint())
        picture.save("full.jpg", quality=95, exif=_exif(), icc_profile=_icc(), xmp=XMP, dpi=(300, 300))
        picture.save("progressive.jpg", progressive=True)
        picture.convert("L").save("grey.jpg")
        yield from ("full.jpg", "progressive.jpg", "grey.jpg")

    return _each(folder, written(), INSPECT, FILL)


XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="1"/>'
    b"</rdf:RDF></x:xmpmeta>"
)


def _exif() -> bytes:
    exif = Image.Exif()
    exif.update({271: "maker", 274: 1, 282: 300.0, 283: 300.0, 296: 2, 306: "2020:01:01 00:00:00"})
    exif.get_ifd(0x8769).update({36867: "2020:01:01 00:00:00", 37500: b"note", 40961: 1})
    return exif.tobytes()


def _icc() -> bytes:
    return ImageCmsProfile(createProfile("sRGB")).tobytes()


def _blocks(folder: Path) -> Iterator[Seed]:
    """Profile, Exif and XMP touched by themselves, then embedded with sound lengths and checksums."""
    Image.fromarray(paint()).save("plain.png")
    plain, mask = Path("plain.png").read_bytes(), Path("mask.png").read_bytes()
    head, *rest = chunks_of(plain)
    blocks = {"block.exif": _exif()[6:], "block.icc": _icc(), "block.xmp": XMP}

    def png(name: str, block: bytes) -> tuple[str, bytes]:
        import zlib

        made = {
            "block.exif": lambda: chunk(b"eXIf", block),
            "block.icc": lambda: chunk(b"iCCP", b"x\0\0" + zlib.compress(block)),
            "block.xmp": lambda: chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + block),
        }[name]()
        return "scan.png", PNG + chunk(*head) + made + b"".join(chunk(*one) for one in rest)

    def jpeg(name: str, block: bytes) -> tuple[str, bytes]:
        prefix = {
            "block.exif": b"Exif\0\0",
            "block.icc": b"ICC_PROFILE\0\1\1",
            "block.xmp": b"http://ns.adobe.com/xap/1.0/\0",
        }
        marker = b"\xff\xe2" if name == "block.icc" else b"\xff\xe1"
        body = (prefix[name] + block)[:65_000]
        return "scan.jpg", jpg[:2] + marker + (len(body) + 2).to_bytes(2, "big") + body + jpg[2:]

    Image.fromarray(paint()).save("plain.jpg")
    jpg = Path("plain.jpg").read_bytes()
    for wrap, name in ((png, "scan.png"), (jpeg, "scan.jpg")):
        verbs = tuple(tuple(word.replace("{}", name) for word in verb) for verb in (INSPECT, FILL))
        for block, content in blocks.items():
            yield Seed({"mask.png": mask, block: content}, (block,), verbs, wrap)


def _folder(folder: Path) -> Iterator[Seed]:
    _stack(folder)
    yield Seed(_files(folder), ("stack/painting.toml",), (("inspect", "stack"), _with(FILL, "stack")))


def _stack(folder: Path) -> None:
    (folder / "stack").mkdir()
    tifffile.imwrite("stack/vis.tif", paint(dtype=np.uint16), photometric="rgb")
    tifffile.imwrite("stack/irr.tif", paint(1)[..., 0])
    Path("stack/painting.toml").write_text(
        'title = "a"\n\n[object]\nartist = "b"\ndimensions_cm = [3.0, 2.0]\n\n'
        '[[treatment]]\ndate = 2026-03-02\nwhat = "cleaned"\n\n'
        '[[scan]]\nfile = "vis.tif"\nmodality = "rgb"\num_per_px = 50.0\n\n'
        '[[scan]]\nfile = "irr.tif"\nmodality = "irr"\n'
    )


def _with(verb: Words, name: str) -> Words:
    return tuple(word.replace("{}", name) for word in verb)


def _converted(folder: Path, to: str, name: str) -> None:
    import shutil

    _stack(folder)
    _run("export", "stack", "--to", to, "-o", name, "--quiet")
    shutil.rmtree("stack")


def _ometiff(folder: Path) -> Iterator[Seed]:
    _converted(folder, "ome-tiff", "stack.ome.tif")
    verbs = INSPECT, FILL, ("export", "{}", "--to", "ome-zarr", "-o", "out.ome.zarr")
    yield Seed(_files(folder), ("stack.ome.tif",), tuple(_with(verb, "stack.ome.tif") for verb in verbs))


def _omezarr(folder: Path) -> Iterator[Seed]:
    _converted(folder, "ome-zarr", "stack.ome.zarr")
    files = _files(folder)
    texts = tuple(name for name in files if name.endswith(".json"))
    chunks = tuple(name for name in files if name.startswith("stack") and "/c/" in name)
    verbs = INSPECT, FILL, ("export", "{}", "--to", "ome-tiff", "-o", "out.ome.tif")
    filled = tuple(_with(verb, "stack.ome.zarr") for verb in verbs)
    yield Seed(files, texts, filled)
    yield Seed(files, chunks, filled)


def _iiif(folder: Path) -> Iterator[Seed]:
    Image.fromarray(paint()).save("scan.png")
    _run("export", "scan.png", "--to", "iiif", "-o", "web.iiif", "--quiet")
    shutil.move("web.iiif/rgb", "image")
    shutil.rmtree("web.iiif")
    files = _files(folder)
    tile = next(name for name in files if name.endswith(".jpg"))
    filled = tuple(_with(verb, "image/info.json") for verb in (INSPECT, FILL))
    yield Seed(files, ("image/info.json",), filled)
    yield Seed(files, (tile,), filled)


def _ora(folder: Path) -> Iterator[Seed]:
    Image.fromarray(paint()).save("scan.png")
    _run(*_with(FILL, "scan.png")[:-3], "out.ora", "--engine", "tension")
    yield Seed({"out.ora": Path("out.ora").read_bytes()}, ("out.ora",), (("read_ora", "out.ora"),))


def _dng(folder: Path) -> Iterator[Seed]:
    mosaic = (paint(1, np.uint16)[..., 0] >> 3) + 600
    write_dng(folder / "raw.dng", mosaic)
    yield Seed(
        {"raw.dng": Path("raw.dng").read_bytes()}, ("raw.dng",),
        (("inspect", "raw.dng"), ("compare", "raw.dng", "raw.dng", "-o", "out.html")),
    )  # fmt: skip


def _mask(folder: Path) -> Iterator[Seed]:
    tifffile.imwrite("scan.tif", paint(dtype=np.uint16), photometric="rgb")
    mask = lost()
    Image.fromarray(mask).save("m-grey.png")
    Image.fromarray(mask).convert("1").save("m-bits.png")
    Image.fromarray(mask).convert("P").save("m-palette.png")
    Image.fromarray(np.dstack([mask, mask, mask, np.full_like(mask, 255)])).save("m-opaque.png")
    Image.fromarray(np.dstack([np.zeros_like(mask)] * 3 + [mask])).save("m-strokes.png")
    tifffile.imwrite("m-grey.tif", mask)
    tifffile.imwrite("m-bits.tif", mask > 0, photometric="minisblack")
    tifffile.imwrite("m-wide.tif", mask.astype(np.uint16) * 257, compression="lzw")
    scan = Path("scan.tif").read_bytes()
    for file in sorted(folder.glob("m-*")):
        fill = tuple(file.name if word == "mask.png" else word for word in _with(FILL, "scan.tif"))
        yield Seed({"scan.tif": scan, file.name: file.read_bytes()}, (file.name,), (fill,))


def _damage(folder: Path) -> Iterator[Seed]:
    pixels = paint()
    pixels[12, 4:28] = 20  # a crack to be found
    Image.fromarray(pixels).save("scan.png")
    for name in ("damage.png", "damage.tif"):
        _run("detect", "scan.png", "--kind", "tophat", "-o", f"found-{name}", "--map", name, "--quiet")
        fill = (
            "inpaint",
            "scan.png",
            "--damage",
            name,
            "-o",
            "out.tif",
            "--engine",
            "tension",
            "--policy",
            "crack=fill",
            "--yes",
        )
        files = {"scan.png": Path("scan.png").read_bytes(), name: Path(name).read_bytes()}
        yield Seed(files, (name,), (fill,))


def _labels(folder: Path) -> Iterator[Seed]:
    Image.fromarray(paint()).resize((48, 40)).save("scan.png")
    strokes = np.zeros((40, 48, 4), np.uint8)
    strokes[4:14, 4:20] = 255, 0, 0, 255
    strokes[24:36, 4:44] = 0, 160, 80, 255
    Image.fromarray(strokes).save("alpha.png")
    Image.fromarray(strokes).quantize(8).save("palette.png")
    scan = Path("scan.png").read_bytes()
    for name in ("alpha.png", "palette.png"):
        files = {"scan.png": scan, name: Path(name).read_bytes()}
        yield Seed(files, (name,), (("detect", "scan.png", "-o", "found.png", "--labels", name),))


def _filled(folder: Path) -> dict[str, bytes]:
    tifffile.imwrite("scan.tif", paint(dtype=np.uint16), photometric="rgb", metadata=None)
    _run(*_with(FILL, "scan.tif"))
    return _files(folder)


ORA = ("export", "out.tif", "--to", "ora", "-o", "out.ora")


def _history(folder: Path) -> Iterator[Seed]:
    files = _filled(folder)
    told = '{"levels": [0.5, 0.9], "within_before": [0.1, 0.4], "within_after": [0.5, 0.9], "trials": 24}'
    name = "out.tif.history.json"
    text = (
        files[name].decode().rstrip()[:-1]
        + f', "calibration": {told}, "left_open": {{"above": 0.2, "lacunae": 1}}}}'
    )
    yield Seed({**files, name: text.encode()}, (name,), (VERIFY, REPORT, ORA))
    yield Seed(files, (name,), (VERIFY, REPORT, ORA))


def _sidecars(folder: Path) -> Iterator[Seed]:
    files = _filled(folder)
    yield Seed(files, ("out.tif.lost.tif", "out.tif.confidence.tif", "out.tif"), (VERIFY, REPORT, ORA))


def _receipt(folder: Path) -> Iterator[Seed]:
    """A receipt beside a proposal, signed by a certificate that signed itself."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    from tratteggio.credentials.identity import Identity
    from tratteggio.credentials.receipt import sign_statement, state

    _filled(folder)
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    told = state(folder / "out.tif", folder / "out.tif.history.json")
    receipt = "out.tif.receipt.json"
    Path(receipt).write_text(sign_statement(told, Identity((certificate,), key, "es256")))
    yield Seed(_files(folder), (receipt,), (VERIFY,))


def _ledger(folder: Path) -> Iterator[Seed]:
    """A job that stopped after its last tile, just before the output."""
    from tratteggio import files
    from tratteggio.errors import TratteggioError
    from tratteggio.treatment import inpaint_file

    tifffile.imwrite("scan.tif", paint(dtype=np.uint16), photometric="rgb", metadata=None)

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    former, files.save = files.save, stop
    try:
        with contextlib.suppress(KeyboardInterrupt, TratteggioError):
            inpaint_file(folder / "scan.tif", folder / "mask.png", folder / "out.tif", engine="tension")
    finally:
        files.save = former
    found = _files(folder)
    touched = tuple(name for name in found if name.startswith("out.tif.job/"))
    assert any(name.endswith(".npz") for name in touched)
    yield Seed(found, touched, ((*_with(FILL, "scan.tif"), "--resume"),))


SETTINGS = ("steps=2", "batch=1", "side=32", "keep_every=2", "validate_every=2")
TRAIN = (
    *("train", "descriptor", "--data", "pictures", "-o", "run", "--device", "cpu", "--set-aside", "0.5"),
    *(word for setting in SETTINGS for word in ("--set", setting)),
)


def _training(folder: Path) -> Iterator[Seed]:
    Path("pictures").mkdir()
    for number in range(2):
        Image.fromarray(np.roll(paint(), number, axis=0)).resize((48, 40)).save(f"pictures/{number}.png")
    _run(*TRAIN)
    files = {name: data for name, data in _files(folder).items() if "/samples/" not in name}
    touched = tuple(
        name for name in files if name.startswith("run/") and not name.endswith("weights.safetensors")
    )
    yield Seed(files, touched, ((*TRAIN, "--resume"),))


def _weights(folder: Path) -> Iterator[Seed]:
    from tratteggio import models

    file = models.find("srcnn-x2")
    files = {"net.safetensors": file.read_bytes()}
    yield Seed(files, ("net.safetensors",), (("models", "info", "net.safetensors"),))


FORMATS: dict[str, Callable[[Path], Iterator[Seed]]] = {
    "tiff": _tiff,
    "png": _png,
    "jpeg": _jpeg,
    "blocks": _blocks,
    "folder": _folder,
    "ometiff": _ometiff,
    "omezarr": _omezarr,
    "iiif": _iiif,
    "ora": _ora,
    "dng": _dng,
    "mask": _mask,
    "damage": _damage,
    "labels": _labels,
    "history": _history,
    "sidecars": _sidecars,
    "ledger": _ledger,
    "training": _training,
    "weights": _weights,
}
if find_spec("c2pa"):
    FORMATS["receipt"] = _receipt
