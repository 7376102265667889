"""Partial convolution in nested loops over samples, straight from the definition: the slow twin for tests.

Every known sample meets every tap once and lands at one place of the output, or outside of it. Nothing
here is shared with the package: transposed convolutions are scattered, not stretched.
"""

from itertools import product

import numpy as np


def landing(transposed, place, tap, stride, dilation, before):
    """Where along one axis a sample at `place` lands through `tap`; None between two steps."""
    if transposed:
        return place * stride + tap * dilation - before
    start = place + before - tap * dilation
    return start // stride if start % stride == 0 else None


def most_along_axis(transposed, taps, stride, dilation):
    """The largest count that any place ever gets, found on a line so long that its ends do not matter."""
    counts = {}
    for place, tap in product(range(60), range(taps)):
        spot = landing(transposed, place, tap, stride, dilation, 0)
        counts[spot] = counts.get(spot, 0) + (spot is not None)
    return max(counts.values())


def partial_convolution(x, known, weight, bias, *, out, stride, dilation, before, groups, transposed):
    """x and known (B, C, ...), weight as torch lays it out -> y (B, O, ...), known (B, O, ...)."""
    batch, channels, *sizes = x.shape
    taps = weight.shape[2:]
    outs = weight.shape[1] * groups if transposed else weight.shape[0]
    ins_each, outs_each = channels // groups, outs // groups
    total, seen = np.zeros((batch, outs, *out)), np.zeros((batch, outs, *out))
    for place, tap in product(np.ndindex(*sizes), np.ndindex(*taps)):
        steps = zip(place, tap, stride, dilation, before, strict=True)
        spot = tuple(landing(transposed, *step) for step in steps)
        if any(s is None or not 0 <= s < n for s, n in zip(spot, out, strict=True)):
            continue
        for b, c, o in product(range(batch), range(channels), range(outs_each)):
            group = c // ins_each
            to = group * outs_each + o
            w = weight[(c, o, *tap)] if transposed else weight[(to, c % ins_each, *tap)]
            if known[(b, c, *place)]:
                total[(b, to, *spot)] += w * x[(b, c, *place)]
                seen[(b, to, *spot)] += 1
    complete = ins_each * np.prod(
        [most_along_axis(transposed, *axis) for axis in zip(taps, stride, dilation, strict=True)]
    )
    shift = 0 if bias is None else bias.reshape(1, -1, *(1,) * len(sizes))
    scaled = total * complete / np.maximum(seen, 1) + shift
    return np.where(seen > 0, scaled, 0.0), seen > 0
