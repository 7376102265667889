"""Outlines of SVG elements as rings of corners: curves become short straight pieces.

Source: Scalable Vector Graphics 1.1, sections 8.3 (paths), 9 (basic shapes) and F.6.5 (arcs).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

Ring = NDArray[np.float64]
Place = complex  # x + iy

PIECES = 16  # straight pieces of one curve
TOKEN = re.compile(r"[MmZzLlHhVvCcSsQqTtAa]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
FLAG = re.compile(r"[\s,]*([01])")
NUMBERS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}


def list_numbers(text: str) -> list[float]:
    """Return the numbers of a list, separated by commas or spaces.

    Raises:
        ValueError: something in it is no number.
    """
    return [float(one) for one in text.replace(",", " ").split()]


def read_points(text: str) -> Ring:
    """Return the corners of a polygon: (n, 2)."""
    numbers = list_numbers(text)
    return np.array(numbers[: len(numbers) // 2 * 2], np.float64).reshape(-1, 2)


def draw_ellipse(x: float, y: float, across: float, down: float) -> Ring:
    """Return the outline of an ellipse from its centre and radii."""
    angles = np.linspace(0, 2 * np.pi, 4 * PIECES, endpoint=False)
    return np.stack([x + across * np.cos(angles), y + down * np.sin(angles)], axis=1)


def read_path(data: str) -> tuple[list[Ring], int]:
    """Return the closed parts of a path as rings, and how many parts are open lines.

    A part is closed if it ends with Z, or where it began.

    Raises:
        ValueError: the path is damaged.
    """
    closed: list[Ring] = []
    open_parts = 0
    for part, ends in _parts(data):
        if len(part) > 2 and (ends or abs(part[0] - part[-1]) < 1e-6):
            closed.append(np.array([[place.real, place.imag] for place in part]))
        elif len(part) > 1:
            open_parts += 1
    return closed, open_parts


def _parts(data: str) -> Iterator[tuple[list[Place], bool]]:
    """Yield the corners of each part of a path, and whether it ends with Z."""
    part: list[Place] = []
    at = begin = control = 0j
    former = ""
    for command, numbers in _commands(data):
        kind, origin = command.upper(), at if command.islower() else 0j
        if kind in "MZ":
            if part:
                yield part, kind == "Z"
            if kind == "M":
                begin = origin + complex(*numbers)
            at, part = begin, [begin] if kind == "M" else []
        else:
            smooth = {"S": "CS", "T": "QT"}.get(kind, "")
            mirrored = 2 * at - control if former and former in smooth else at
            drawn, control = _draw(kind, numbers, at, origin, mirrored)
            if not part:
                part = [at]
            part.extend(drawn)
            at = drawn[-1]
        former = kind
    if part:
        yield part, False


def _draw(
    kind: str, numbers: list[float], at: Place, origin: Place, mirrored: Place
) -> tuple[list[Place], Place]:
    """Return the places that a command draws from where the pen is, and its last control point."""
    if kind == "H":
        return [complex(origin.real + numbers[0], at.imag)], at
    if kind == "V":
        return [complex(at.real, origin.imag + numbers[0])], at
    if kind == "A":
        return _arc(at, origin + complex(*numbers[5:]), numbers[:5]), at
    given = [origin + complex(*numbers[k : k + 2]) for k in range(0, len(numbers), 2)]
    if kind == "L":
        return given, at
    if kind in "ST":
        given.insert(0, mirrored)
    return _curve([at, *given]), given[-2]


def _commands(data: str) -> Iterator[tuple[str, list[float]]]:
    """Yield the commands of a path with their numbers; numbers without a command repeat the last one."""
    place, command = 0, ""
    while found := TOKEN.search(data, place):
        token = found.group()
        if token.isalpha():
            command, place = token, found.end()
        elif not command or command in "Zz":
            raise ValueError(f"a path has {token} without a command")
        numbers: list[float] = []
        while len(numbers) < NUMBERS[command.upper()]:
            # The two flags of an arc may stand without a space before what follows.
            flag = command in "Aa" and len(numbers) in (3, 4)
            found = (FLAG if flag else TOKEN).search(data, place)
            if found is None or found.group().strip(" ,\t\r\n").isalpha():
                raise ValueError(f"the command {command} of a path lacks numbers")
            numbers.append(float(found[1] if flag else found.group()))
            place = found.end()
        yield command, numbers
        command = {"M": "L", "m": "l"}.get(command, command)


def _curve(points: list[Place]) -> list[Place]:
    """Return places along a Bézier curve of any degree, without its beginning."""
    steps = np.arange(1, PIECES + 1) / PIECES
    degree = len(points) - 1
    places = sum(
        math.comb(degree, k) * steps**k * (1 - steps) ** (degree - k) * point
        for k, point in enumerate(points)
    )
    return [complex(place) for place in np.atleast_1d(np.asarray(places))]


def _arc(at: Place, end: Place, numbers: list[float]) -> list[Place]:
    """Return places along an elliptic arc (F.6.5), without its beginning.

    Args:
        at, end: where it begins and ends.
        numbers: both radii, the angle of the first in degrees, and the flags "large" and "sweep".
    """
    across, down, turned, large, sweep = numbers
    across, down = abs(across), abs(down)
    if at == end or not across or not down:
        return [end]
    turn = np.exp(1j * np.radians(turned))
    half = (at - end) / 2 / turn
    scaled = complex(half.real / across, half.imag / down)
    size = abs(scaled)
    if size > 1:  # F.6.6: radii that are too small are scaled up
        across, down, scaled, size = across * size, down * size, scaled / size, 1.0
    middle = 1j * scaled / size * math.sqrt(max(0.0, 1 - size**2)) * (1 if bool(large) == bool(sweep) else -1)
    first, last = np.angle(scaled - middle), np.angle(-scaled - middle)
    if sweep and last < first:
        last += 2 * np.pi
    elif not sweep and last > first:
        last -= 2 * np.pi
    angles = np.linspace(first, last, 2 * PIECES + 1)[1:]
    circle = np.exp(1j * angles) + middle
    places = (across * circle.real + 1j * down * circle.imag) * turn + (at + end) / 2
    return [*(complex(place) for place in places[:-1]), end]


def read_transform(text: str) -> NDArray[np.float64]:
    """Return a list of transforms as one matrix (3, 3).

    Raises:
        ValueError: a transform is unknown or has another number of numbers.
    """
    matrix = np.eye(3)
    for name, numbers in re.findall(r"(\w+)\s*\(([^)]*)\)", text):
        if name not in TRANSFORMS:
            raise ValueError(f"no transform is called {name[:40]!r}")
        try:
            own = TRANSFORMS[name](*list_numbers(numbers))
        except TypeError:
            raise ValueError(f"the transform {name} has another number of numbers") from None
        matrix = matrix @ np.array(own, np.float64)
    return matrix


def _matrix(*numbers: float) -> list[list[float]]:
    """Return a matrix from its six numbers in the order of SVG: column by column."""
    a, b, c, d, e, f = numbers
    return [[a, c, e], [b, d, f], [0, 0, 1]]


def _rotate(angle: float, x: float = 0.0, y: float = 0.0) -> list[list[float]]:
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return [[cos, -sin, x - cos * x + sin * y], [sin, cos, y - sin * x - cos * y], [0, 0, 1]]


TRANSFORMS: Mapping[str, Callable[..., list[list[float]]]] = {
    "matrix": _matrix,
    "translate": lambda x, y=0.0: _matrix(1, 0, 0, 1, x, y),
    "scale": lambda x, y=None: _matrix(x, 0, 0, x if y is None else y, 0, 0),
    "rotate": _rotate,
    "skewX": lambda angle: _matrix(1, 0, math.tan(math.radians(angle)), 1, 0, 0),
    "skewY": lambda angle: _matrix(1, math.tan(math.radians(angle)), 0, 1, 0, 0),
}
