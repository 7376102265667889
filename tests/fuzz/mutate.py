"""Sound bytes made unsound: bit by bit, and by what a format means."""

import io
import json
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

from tratteggio.files import ifd

EXTREMES = (
    0,
    1,
    2,
    127,
    128,
    255,
    256,
    32767,
    32768,
    65535,
    65536,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**40,
    2**63,
)
WORDS = (
    "", "x", "0", "-1", "1e308", "nan", "inf", "9" * 20, "../../x", "/etc/passwd", "\x00", "\x1b[31m",
    "<script>", "é", "%s%n", "a" * 3000,
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 3.5, 1e308, -1e308, 10**30, -(10**30), float("nan"), float("inf"), "", "x",
    [], {}, [[]], [None], [1, 2, 3], {"x": 1}, "0" * 64, "\udce9", "\x1b[31m", 2**31, 2**63,
    [10**9, 10**9], [0, 0],
)  # fmt: skip
Mutation = Callable[[bytes, random.Random], bytes]


def mutated(name: str, data: bytes, rng: random.Random) -> bytes:
    """Mutate a file once to three times, in two of three cases by what its format means."""
    kind = kind_of(name)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        data = (kind if rng.random() < 0.67 else raw)(data, rng)
    return data


def kind_of(name: str) -> Mutation:
    suffix = name.rsplit(".", 1)[-1].lower()
    return KINDS.get(suffix, raw)


def raw(data: bytes, rng: random.Random) -> bytes:
    """Bits, bytes, numbers and stretches, wherever they are."""
    out = bytearray(data)
    size = max(1, len(out))
    at, length = rng.randrange(size), min(1 + int(rng.expovariate(0.1)), size)
    match rng.randrange(9):
        case 0:
            for _ in range(rng.choice((1, 1, 2, 8))):
                if out:
                    out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
        case 1:
            width = rng.choice((1, 2, 4, 8))
            number = rng.choice(EXTREMES) % (1 << 8 * width)
            out[at : at + width] = number.to_bytes(width, rng.choice(("little", "big")))
        case 2:
            del out[at:]
        case 3:
            del out[at : at + length]
        case 4:
            out[at:at] = out[at : at + length]
        case 5:
            out[at:at] = rng.randbytes(length)
        case 6:
            out[at : at + length] = bytes(length)
        case 7:
            other = rng.randrange(size)
            out[at : at + length] = out[other : other + length]
        case 8:
            out += out[at:]
    return bytes(out)


# --- TIFF --------------------------------------------------------------------------------------------


def tiff(data: bytes, rng: random.Random) -> bytes:
    """One field of one entry of one directory, its value, or where the next directory is."""
    out = bytearray(data)
    try:
        order = {b"II": "<", b"MM": ">"}[bytes(out[:2])]
        big = struct.unpack_from(order + "H", out, 2)[0] == 43
        head, step, entry, offset = (8, 20, "HHQQ", "Q") if big else (2, 12, "HHII", "I")
        places, at = [], struct.unpack_from(order + offset, out, 8 if big else 4)[0]
        while at and len(places) < 9:
            number = min(struct.unpack_from(order + ("Q" if big else "H"), out, at)[0], 200)
            places.append((at, number))
            at = struct.unpack_from(order + offset, out, at + head + step * number)[0]
        start, number = rng.choice(places)
        where = start + head + step * rng.randrange(number)
        fields = list(struct.unpack_from(order + entry, out, where))
        limit = 1 << (64 if big else 32)
        numbers = (*EXTREMES, start, len(out) - 1, len(out), fields[2] + 1, rng.randrange(len(out)))
        match rng.choice("tkccooovvveeeeen"):
            case "t":
                fields[0] = rng.choice(TAGS)
            case "k":
                fields[1] = rng.randrange(20)
            case "c":
                fields[2] = rng.choice(numbers) % limit
            case "o":
                fields[3] = rng.choice(numbers) % limit
            case "v":
                inside = fields[2] * WIDTHS.get(fields[1], 1) <= (8 if big else 4)
                _write_value(out, where + (12 if big else 8) if inside else fields[3], order, rng)
                return bytes(out)
            case "e":  # another entry in its place, its value inline: a pointer that is NaN, a width of 1 / 0
                code = rng.choice(TAGS) if rng.random() < 0.15 else fields[0]
                kind = _write_value(out, where + (12 if big else 8), order, rng)
                odd = struct.unpack_from(order + entry, out, where)[3]
                fields = [code, kind, rng.choice((1, 1, 1, 2, 0)), odd]
            case "n":
                after = start + head + step * number
                struct.pack_into(
                    order + offset, out, after, rng.choice((*numbers, *(p for p, _ in places))) % limit
                )
                return bytes(out)
        struct.pack_into(order + entry, out, where, *fields)
    except (struct.error, LookupError, ValueError, OverflowError):
        return raw(data, rng)
    return bytes(out)


def _write_value(out: bytearray, at: int, order: str, rng: random.Random) -> int:
    """Put a number there that is none, has no end, or is larger than any; return its type."""
    kind, *numbers = rng.choice(ODD)
    made = struct.pack(order + kind, *numbers)
    if at + len(made) <= len(out):
        out[at : at + len(made)] = made
    return TYPES[kind]


NAN, INFINITE = float("nan"), float("inf")
ODD: tuple[tuple[Any, ...], ...] = (
    ("II", 0, 0), ("II", 1, 0), ("II", 0, 1), ("II", 2**32 - 1, 1), ("II", 1, 2**32 - 1), ("ii", -1, 1),
    ("f", NAN), ("f", INFINITE), ("d", NAN), ("d", -INFINITE), ("d", 1e308), ("I", 2**31),
    ("H", 0), ("H", 65535),
)  # fmt: skip
TYPES = {"H": 3, "I": 4, "II": 5, "ii": 10, "f": 11, "d": 12}
WIDTHS = ifd.SIZES
TAGS = (
    254, 256, 257, 258, 259, 262, 266, 270, 273, 274, 277, 278, 279, 282, 283, 284, 296, 317, 320, 322, 323,
    324, 325, 330, 338, 339, 340, 347, 512, 513, 529, 530, 700, 33421, 33422, 33723, 34377, 34665,
    34675, 34853, 37500, 50706,
)  # fmt: skip


# --- PNG ---------------------------------------------------------------------------------------------

PNG = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def chunks_of(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 8
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def png(data: bytes, rng: random.Random) -> bytes:
    """One chunk touched, doubled, moved, left out or added, and the checksums mended."""
    chunks = chunks_of(data)
    if not data.startswith(PNG) or not chunks:
        return raw(data, rng)
    at = rng.randrange(len(chunks))
    match rng.randrange(6):
        case 0 | 1:
            kind, body = chunks[at]
            touch = _deflated if kind == b"IDAT" and rng.random() < 0.5 else raw
            chunks[at] = kind, touch(body, rng)
        case 2:
            chunks.insert(rng.randrange(len(chunks)), chunks[at])
        case 3:
            del chunks[at]
        case 4:
            other = rng.randrange(len(chunks))
            chunks[at], chunks[other] = chunks[other], chunks[at]
        case 5:
            chunks.insert(rng.randrange(len(chunks)), (rng.choice(ANCILLARY), rng.choice(BODIES)(rng)))
    return PNG + b"".join(chunk(*one) for one in chunks)


ANCILLARY = (
    b"iCCP", b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tRNS", b"PLTE", b"gAMA", b"cHRM", b"sRGB", b"sBIT",
    b"bKGD", b"hIST", b"pHYs", b"tIME", b"acTL", b"cICP", b"oFFs", b"sPLT",
)  # fmt: skip
BODIES: tuple[Callable[[random.Random], bytes], ...] = (
    lambda rng: b"",
    lambda rng: rng.randbytes(rng.choice((1, 2, 4, 6, 9, 13, 256, 768))),
    lambda rng: b"x\0\0" + zlib.compress(rng.randbytes(60)),
    lambda rng: b"x\0\0" + zlib.compress(bytes(3_000_000)),
    lambda rng: b"XML:com.adobe.xmp\0\0\0\0\0" + xml(b"<x><y a='1'>z</y></x>", rng),
    lambda rng: (
        b"II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, rng.choice(TAGS), rng.randrange(14), 1, 8) + bytes(4)
    ),
)


def _deflated(body: bytes, rng: random.Random) -> bytes:
    try:
        return zlib.compress(raw(zlib.decompress(body), rng))
    except zlib.error:
        return raw(body, rng)


# --- JPEG --------------------------------------------------------------------------------------------


def jpeg(data: bytes, rng: random.Random) -> bytes:
    """One segment touched, doubled, left out or added; Exif as the TIFF that it is."""
    segments, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, at + 2)
        segments.append((data[at + 1], data[at + 4 : at + 2 + length]))
        at += 2 + length
    if not segments:
        return raw(data, rng)
    one = rng.randrange(len(segments))
    marker, body = segments[one]
    match rng.randrange(5):
        case 0 | 1:
            exif = body.startswith(b"Exif\0\0")
            segments[one] = marker, b"Exif\0\0" + tiff(body[6:], rng) if exif else raw(body, rng)
        case 2:
            segments.insert(one, (marker, body))
        case 3:
            del segments[one]
        case 4:
            prefix = rng.choice(
                (b"Exif\0\0", b"ICC_PROFILE\0", b"http://ns.adobe.com/xap/1.0/\0", b"Photoshop 3.0\0", b"")
            )
            segments.insert(
                one, (rng.choice((0xE1, 0xE2, 0xED, 0xEE)), prefix + rng.choice(BODIES)(rng)[:60_000])
            )
    head = b"".join(
        b"\xff" + bytes([m]) + struct.pack(">H", min(len(b) + 2, 65535)) + b[:65533] for m, b in segments
    )
    return data[:2] + head + data[at:]


# --- text --------------------------------------------------------------------------------------------


def json_text(data: bytes, rng: random.Random) -> bytes:
    """One value of another type or size, one key gone or renamed, or a depth that no parser likes."""
    lines = data.split(b"\n") if b"}\n{" in data else [data]  # a journal has an object a line
    one = rng.randrange(len(lines))
    try:
        tree = json.loads(lines[one])
    except (ValueError, RecursionError):
        return raw(data, rng)
    spots = list(_spots(tree))
    match rng.randrange(8):
        case 0:
            deep = rng.choice((100, 5_000, 100_000))
            lines[one] = (
                b'{"x":' * deep + b"1" + b"}" * deep if rng.random() < 0.5 else b"[" * deep + b"]" * deep
            )
            return b"\n".join(lines)
        case 1:
            tree = rng.choice(VALUES)
        case 2 if spots:
            holder, key = rng.choice(spots)
            del holder[key]
        case 3 if spots:
            holder, key = rng.choice(spots)
            if isinstance(holder, dict):
                holder[rng.choice(WORDS)] = holder.pop(key)
        case 4 if len(spots) > 1:
            (one_holder, a), (other_holder, b) = rng.sample(spots, 2)
            one_holder[a], other_holder[b] = json.loads(json.dumps([other_holder[b], one_holder[a]]))
        case _ if spots:
            holder, key = rng.choice(spots)
            holder[key] = rng.choice(VALUES) if rng.random() < 0.8 else rng.choice(WORDS)
    lines[one] = json.dumps(tree).encode("utf-8", "surrogatepass")
    return b"\n".join(lines)


def _spots(tree: Any) -> Any:
    """Yield every place of a tree as (holder, key)."""
    keys = tree if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for key in keys:
        yield tree, key
        yield from _spots(tree[key])


def xml(data: bytes, rng: random.Random) -> bytes:
    """One attribute, element or entity; names and values of others."""
    text = data.decode("utf-8", "replace")
    quoted = list(re.finditer(r'"[^"]*"', text))
    tags = list(re.finditer(r"<[^>]*>", text))
    match rng.randrange(6):
        case 0 | 1 if quoted:
            spot = rng.choice(quoted)
            word = rng.choice((*WORDS, *map(str, EXTREMES)))
            text = f'{text[: spot.start()]}"{word}"{text[spot.end() :]}'
        case 2 if tags:
            spot = rng.choice(tags)
            text = text[: spot.start()] + text[spot.end() :]
        case 3 if tags:
            spot = rng.choice(tags)
            text = text[: spot.end()] + spot[0] * rng.choice((1, 3, 2000)) + text[spot.end() :]
        case 4:
            laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))
            text = f'<!DOCTYPE x [<!ENTITY a0 "ha">{laughs}]>' + text.replace(">", ">&a8;", 1)
        case _:
            return raw(data, rng)
    return text.encode("utf-8", "replace")


def toml(data: bytes, rng: random.Random) -> bytes:
    """One value, or one line."""
    lines = data.decode("utf-8", "replace").splitlines()
    one = rng.randrange(len(lines)) if lines else 0
    match rng.randrange(4):
        case 0 | 1 if lines and "=" in lines[one]:
            key = lines[one].split("=")[0]
            value = rng.choice(
                (*map(json.dumps, WORDS), "nan", "-inf", "1e308", "[]", "{}", "[" * 3000, "10" * 400)
            )
            lines[one] = f"{key}= {value}"
        case 2 if lines:
            del lines[one]
        case 3 if lines:
            lines.insert(rng.randrange(len(lines)), lines[one])
        case _:
            return raw(data, rng)
    return "\n".join(lines).encode()


# --- containers --------------------------------------------------------------------------------------


def archive(data: bytes, rng: random.Random) -> bytes:
    """One member touched, doubled, renamed or left out, or the claims about it changed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as sound:
            members = [(info.filename, info.compress_type, sound.read(info)) for info in sound.infolist()]
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, RuntimeError, zlib.error):
        return raw(data, rng)
    if not members:
        return raw(data, rng)
    one = rng.randrange(len(members))
    name, method, body = members[one]
    match rng.randrange(7):
        case 0 | 1 | 2:
            members[one] = name, method, mutated(name, body, rng)
        case 3:
            del members[one]
        case 4:
            members[one] = rng.choice((*WORDS[1:10], "../x", name + "x")), method, body
        case 5:
            members[one] = name, zipfile.ZIP_DEFLATED, bytes(rng.choice((0, 5_000_000)))
        case 6:
            return _claims(data, rng)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, method, body in members:
            made.writestr(zipfile.ZipInfo(name.replace("\x00", "") or "x"), body, method)
    return out.getvalue()


def _claims(data: bytes, rng: random.Random) -> bytes:
    """Change flags, method, checksum or sizes in a header: encrypted, unknown, false."""
    out = bytearray(data)
    heads = [(m.start(), 6) for m in re.finditer(b"PK\x03\x04", data)]
    heads += [(m.start(), 8) for m in re.finditer(b"PK\x01\x02", data)]
    start, flags = rng.choice(heads)
    at = start + flags + rng.choice((0, 2, 8, 12, 16))
    out[at : at + 4] = rng.choice(
        (b"\x01\0\0\0", b"\x20\0\0\0", b"\x63\0\0\0", b"\xff\xff\xff\x7f", rng.randbytes(4))
    )
    return bytes(out)


def npy(data: bytes, rng: random.Random) -> bytes:
    """Shape, order or type in the header of an array."""
    swaps = (
        (rb"\((\d+)", lambda m: b"(" + str(rng.choice(EXTREMES)).encode()),
        (
            rb"'<?[a-z|]?\d'",
            lambda m: rng.choice((b"'|O'", b"'<f8'", b"'<i8'", b"'|u1'", b"'<c16'", b"'<M8'")),
        ),
        (rb"False", lambda m: b"True "),
        (rb"\(", lambda m: b"(-1, "),
    )
    pattern, made = rng.choice(swaps)
    return re.sub(pattern, made, data[:128], count=1) + data[128:]


def safetensors(data: bytes, rng: random.Random) -> bytes:
    """The header as JSON, with its length mended; the card within it likewise."""
    try:
        (length,) = struct.unpack_from("<Q", data)
        head, body = data[8 : 8 + length], data[8 + length :]
        tree = json.loads(head)
        if rng.random() < 0.6:
            key = rng.choice(list(tree["__metadata__"]))
            tree["__metadata__"][key] = json_text(tree["__metadata__"][key].encode(), rng).decode(
                "utf-8", "replace"
            )
            head = json.dumps(tree).encode("utf-8", "replace")
        else:
            head = json_text(head, rng)
    except (struct.error, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return raw(data, rng)
    return struct.pack("<Q", len(head)) + head + body


KINDS: dict[str, Mutation] = {
    "tif": tiff, "tiff": tiff, "dng": tiff, "exif": tiff, "png": png, "jpg": jpeg, "json": json_text,
    "jsonl": json_text, "xml": xml, "xmp": xml, "toml": toml, "ora": archive, "npz": archive, "npy": npy,
    "safetensors": safetensors,
}  # fmt: skip
