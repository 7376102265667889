"""The route of `lowlight` that begins with what the sensor wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from tratteggio.errors import BadUsage
from tratteggio.files.sensor import Sensor, sensor_of
from tratteggio.painting import Region, Scan
from tratteggio.painting.pixels import COLOURS, Array

if TYPE_CHECKING:
    from torch import Tensor, nn

    from tratteggio.models.lowlight_raw import LowlightRaw

BRIGHTEST = 0.99  # of the greens stay below white, unless a ratio is told
BAND_ROWS = 256


@dataclass(frozen=True, kw_only=True)
class RawRoute:
    """The enhancer of raw. Satisfies `roles.Enhancer`, `roles.Finder` and `roles.Developer`.

    Where the camera tells its colours, the answer is brought from these to sRGB in linear light.
    """

    net: LowlightRaw
    ratio: float | None
    name: str = "lowlight"
    learnt: bool = True
    scale: int = 1
    reach: int
    step: int
    parameters: dict[str, Any]

    @classmethod
    def of(cls, net: nn.Module, *, ratio: float | None, parameters: dict[str, Any]) -> RawRoute:
        """Build it around a net.

        Raises:
            BadUsage: a ratio out of its range.
        """
        from tratteggio.models.lowlight_raw import MOST_RATIO, REACH, STEP  # noqa: PLC0415  (brings torch)

        if ratio is not None and not 1 <= ratio <= MOST_RATIO:
            raise BadUsage(f"ratio of lowlight lies between 1 and {MOST_RATIO:g}, got {ratio:g}")
        told = {} if ratio is None else {"ratio": ratio}
        return cls(
            # A pixel more: the mosaic may begin with another colour than red.
            net=cast("LowlightRaw", net), ratio=ratio, reach=REACH + STEP, step=STEP,
            parameters={**told, **parameters},
        )  # fmt: skip

    def channels(self, scan: Scan) -> int:
        """Return 3; raise BadUsage for a scan that is no mosaic."""
        _required(scan)
        return COLOURS

    def found(self, scan: Scan) -> dict[str, float]:
        """Return the ratio that brings the brightest hundredth of the greens to white, if none was told."""
        from tratteggio.models.lowlight_raw import MOST_RATIO  # noqa: PLC0415  (loaded by now)

        if self.ratio is not None:
            return {}
        sensor = _required(scan)
        counts = np.zeros(2**16, np.int64)
        for band in Region.whole(scan.grid).bands(BAND_ROWS):
            greens = scan.read(band)[(1 - sensor.red[0]) % 2 :: 2, sensor.red[1] :: 2]
            counts += np.bincount(greens.ravel(), minlength=2**16)
        level = int(np.searchsorted(np.cumsum(counts), BRIGHTEST * counts.sum()))
        light = max(level - sensor.black, 1.0) / (sensor.white - sensor.black)
        return {"ratio": float(np.clip(1 / light, 1, MOST_RATIO))}

    def prepare(self, scan: Scan) -> tuple[Sensor, float]:
        """Return the sensor, and the ratio: as told, or as found."""
        return _required(scan), self.found(scan)["ratio"] if self.ratio is None else self.ratio

    def enhance(self, window: Array, region: Region, context: tuple[Sensor, float]) -> Array:  # noqa: ARG002
        """Develop one window."""
        import torch  # noqa: PLC0415  (loaded by now)

        from tratteggio.layers.bayer import pack  # noqa: PLC0415  (the same)
        from tratteggio.models.lowlight_raw import STEP  # noqa: PLC0415  (the same)

        sensor, ratio = context
        device = next(self.net.parameters()).device
        rows, cols = window.shape[:2]
        # The scan is read as light; the sensor's levels are those of 16 bits. Windows begin at multiples of
        # the step, so red lies where it lies in the whole; a mirrored row or column brings it to the corner.
        before = sensor.red
        after = [-(side + first) % STEP for side, first in zip((rows, cols), before, strict=True)]
        levels = np.pad(
            window[..., 0] * np.float32(65535),
            [(first, last) for first, last in zip(before, after, strict=True)],
            mode="reflect",  # which keeps red where red is
        )
        with torch.inference_mode():
            raw = torch.from_numpy(levels).to(device)[None, None]
            packed = pack(
                raw, black=sensor.black, white=sensor.white, ratio=ratio, balance=sensor.balance
            ).contiguous(memory_format=torch.channels_last)
            y = self.net(packed)[..., before[0] : before[0] + rows, before[1] : before[1] + cols]
            answer: Array = _in_srgb(y, sensor)[0].movedim(0, -1).cpu().numpy()
        return np.ascontiguousarray(answer)


def _required(scan: Scan) -> Sensor:
    sensor = sensor_of(scan)
    if sensor is None:
        raise BadUsage(
            f"{scan.name} is no camera raw; lowlight:route=raw takes raw files, "
            "and for others there is lowlight:route=illumination"
        )
    return sensor


def _in_srgb(y: Tensor, sensor: Sensor) -> Tensor:
    """Bring camera colours, toned as sRGB, to sRGB: by the matrix of the camera, in linear light."""
    import torch  # noqa: PLC0415  (loaded by now)

    from tratteggio.layers.tone import displayed, linear  # noqa: PLC0415  (the same)

    matrix = torch.tensor(sensor.to_srgb, device=y.device, dtype=y.dtype)
    light: Tensor = torch.tensordot(matrix, linear(y.clamp(0, 1))[0], 1)
    return displayed(light.clamp(0, 1))[None]
