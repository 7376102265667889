"""Partial convolution: convolve what is known, and scale up for what is not (torch layers, drop-in).

Lost pixels, the zeros of padding and the zeros that a transposed convolution puts between samples are
all the same thing, samples that are not there. With M the number of known samples in a window,

    y = R * conv(x * known) + bias,    R = max(M) / M,        where M > 0
    y = 0, and the place stays unknown                        where M = 0

where max(M) is the count of a complete window, taken from the shape of the kernel alone: a maximum over
the data would make a pixel depend on its tile and its batch. A complete window has R = 1, so paint far
from any lacuna is left as a plain convolution has it.

Sources:
    Liu et al. 2018, "Image inpainting for irregular holes using partial convolutions" (eq. 1 and 2);
    Liu et al. 2018, "Partial convolution based padding"; Xie, Meeus and Pižurica, "Partial convolution
    based multimodal autoencoder for art investigation" (figure 2 and eq. 1 and 2: max(M), transposed).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, overload

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.conv import _ConvNd

from tratteggio.errors import BadUsage
from tratteggio.layers.counts import Axis, full_counts, line_counts, ratio, window_counts
from tratteggio.layers.known import Known, as_runs, gate, known_channels, nothing_lost
from tratteggio.layers.padding import Padding, Size, pairs, same, same_crop, spelled


class _Partial(_ConvNd):
    """What all six layers share; a layer says how its window walks and which convolution it is."""

    _convolution: Any
    output_padding: tuple[int, ...]

    def _axes(self, sizes: Sequence[int]) -> list[Axis]:
        raise NotImplementedError

    def _convolve(self, x: Tensor, axes: Sequence[Axis], bias: Tensor | None) -> Tensor:
        raise NotImplementedError

    @overload
    def forward(self, x: Tensor, known: None = None) -> Tensor: ...
    @overload
    def forward(self, x: Tensor, known: Known, *, gated: bool = False) -> tuple[Tensor, Tensor]: ...
    def forward(
        self, x: Tensor, known: Known | None = None, *, gated: bool = False
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Convolve x (B, C, ...), all of it known, to y; or x known in part to (y, known of y).

        Args:
            x: features (B, C, ...); what is lost may hold any finite value.
            known: (B, 1, ...), (B, C, ...) or runs [(channels, (B, 1, ...)), ...]; see `Known`.
            gated: x holds 0 wherever it is lost, so that it need not be gone over once more. Nets that join
                features gate them before, while they are small.

        Returns:
            y, and with `known` also where y is known: (B, 1, ...), as all answers see the same samples.
            Only a layer with groups whose channels are not known alike returns (B, out_channels, ...).

        Raises:
            GridMismatch: known and x differ in height or width.
            BadUsage: batch, channels or dimensions do not fit.
        """
        rank = len(self.kernel_size) + 2
        if x.dim() != rank:
            raise BadUsage(
                f"{type(self).__name__} takes x of {rank} dimensions, (B, C, ...), got {tuple(x.shape)}"
            )
        axes = self._axes(x.shape[2:])
        if known is None:
            return self._all_known(x, axes)
        runs = as_runs(known, x)
        if nothing_lost(runs):
            seen = full_counts(x.shape[2:], axes, device=x.device)
            return self._all_known(x, axes), _answered(seen, runs, known)
        channels, each = known_channels(runs, self.groups)
        seen = window_counts(channels, axes)
        if seen.shape[1] > 1:
            seen = seen.repeat_interleave(self.out_channels // self.groups, dim=1)
        z = self._convolve(x if gated else gate(x, runs), axes, None)
        return self._scaled(z, seen, each * _complete(axes)), _answered(seen, runs, known)

    def _all_known(self, x: Tensor, axes: Sequence[Axis]) -> Tensor:
        """Answer where only padding is lost: the counts are those of the shape, and remembered."""
        gapless = False
        if not torch.compiler.is_compiling():
            lines = [line_counts(n, axis) for n, axis in zip(x.shape[2:], axes, strict=True)]
            if all(line.complete for line in lines):
                return self._convolve(x, axes, self.bias)
            gapless = all(line.gapless for line in lines)
        seen = full_counts(x.shape[2:], axes, device=x.device)
        return self._scaled(self._convolve(x, axes, None), seen, _complete(axes), gapless=gapless)

    def _scaled(self, z: Tensor, seen: Tensor, complete: int, *, gapless: bool = False) -> Tensor:
        """Scale the answers z, then add the bias where anything was seen (everywhere, if gapless).

        In place: a convolution's gradient does not need its own answer, and new memory costs more than
        the arithmetic.
        """
        scale = ratio(seen.to(torch.promote_types(z.dtype, torch.float32)), complete)
        if self.bias is None:
            return z.mul_(scale)
        bias = self.bias.to(z.dtype).view(-1, *(1,) * (z.dim() - 2))
        if not gapless:
            return z.mul_(scale).addcmul_(bias, seen.clamp(max=1).to(z.dtype))
        if torch.is_grad_enabled():
            return z.mul_(scale).add_(bias)
        return torch.addcmul(bias, z, scale.to(z.dtype), out=z)  # one pass, of which no gradient is known


def _complete(axes: Sequence[Axis]) -> int:
    return math.prod([axis.most for axis in axes])


def _answered(seen: Tensor, runs: Sequence[tuple[int, Tensor]], known: Known) -> Tensor:
    """Say where anything was seen, as the known that came in: its kind of number, its batch."""
    dtype = known.dtype if isinstance(known, Tensor) else known[0][1].dtype
    batch = max(mask.shape[0] for _, mask in runs)
    return seen.clamp(max=1).to(dtype).expand(batch, *(-1,) * (seen.dim() - 1))


class _PartialConv(_Partial):
    def __init__(  # noqa: PLR0917  # torch's own order
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Padding = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        _refuse(padding_mode)
        # The next in line is the torch twin, which keeps the parameters; mypy sees only their common base.
        super().__init__(  # type: ignore[call-arg]
            in_channels,
            out_channels,
            kernel_size,  # type: ignore[arg-type]
            stride=stride,  # type: ignore[arg-type]
            dilation=dilation,  # type: ignore[arg-type]
            groups=groups,
            bias=bias,
            device=device,
            dtype=dtype,
        )
        self.padding = spelled(padding, len(self.kernel_size))  # type: ignore[assignment]

    def _axes(self, sizes: Sequence[int]) -> list[Axis]:
        steps = zip(self.kernel_size, self.dilation, self.stride, strict=True)
        axes = [Axis(taps, dilation, step, 1, 0, 0) for taps, dilation, step in steps]
        if self.padding == "same":
            pads = [same(n, axis.reach, axis.step) for n, axis in zip(sizes, axes, strict=True)]
        else:
            pads = pairs(self.padding, len(axes))
        return [axis._replace(before=b, after=a) for axis, (b, a) in zip(axes, pads, strict=True)]

    def _convolve(self, x: Tensor, axes: Sequence[Axis], bias: Tensor | None) -> Tensor:
        pads = [axis.before for axis in axes]
        if any(axis.before != axis.after for axis in axes):
            x = functional.pad(x, [pad for axis in reversed(axes) for pad in (axis.before, axis.after)])
            pads = [0] * len(axes)
        y: Tensor = self._convolution(x, self.weight, bias, self.stride, pads, self.dilation, self.groups)
        return y


class _PartialConvTranspose(_Partial):
    def __init__(  # noqa: PLR0917  # torch's own order
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Padding = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        _refuse(padding_mode)
        super().__init__(  # type: ignore[call-arg]
            in_channels,
            out_channels,
            kernel_size,  # type: ignore[arg-type]
            stride=stride,  # type: ignore[arg-type]
            output_padding=output_padding,  # type: ignore[arg-type]
            groups=groups,
            bias=bias,
            dilation=dilation,  # type: ignore[arg-type]
            device=device,
            dtype=dtype,
        )
        self.padding = spelled(padding, len(self.kernel_size))  # type: ignore[assignment]
        if self.padding == "same" and any(self.output_padding):
            raise BadUsage(
                f"padding='same' settles the size of the output, drop output_padding={output_padding}"
            )

    def _axes(self, sizes: Sequence[int]) -> list[Axis]:  # noqa: ARG002  # a transposed window needs no size
        steps = zip(self.kernel_size, self.dilation, self.stride, strict=True)
        axes = [Axis(taps, dilation, 1, stretch, 0, 0) for taps, dilation, stretch in steps]
        if self.padding == "same":
            crops = [same_crop(axis.reach, axis.stretch) for axis in axes]
        else:
            crops = pairs(self.padding, len(axes))
        return [
            axis._replace(before=axis.reach - 1 - b, after=axis.reach - 1 - a + more)
            for axis, (b, a), more in zip(axes, crops, self.output_padding, strict=True)
        ]

    def _convolve(self, x: Tensor, axes: Sequence[Axis], bias: Tensor | None) -> Tensor:
        crops = [_torch_crop(axis) for axis in axes]
        crop, more, start = ([*numbers] for numbers in zip(*crops, strict=True))
        y: Tensor = self._convolution(
            x, self.weight, bias, self.stride, crop, more, self.groups, self.dilation
        )
        sizes = [axis.length(n) for n, axis in zip(x.shape[2:], axes, strict=True)]
        if list(y.shape[2:]) == sizes:
            return y
        for dim, (first, size) in enumerate(zip(start, sizes, strict=True), start=2):
            y = y.narrow(dim, first, size)
        return y.clone()  # scaling works in place, and would keep the whole of y alive through a view


def _torch_crop(axis: Axis) -> tuple[int, int, int]:
    """Split an uneven crop into what torch takes and what is cut off afterwards.

    torch crops both ends alike, then adds answers at the end, fewer than a stride of them.

    Returns:
        torch's padding, its output_padding, and how many of its first answers are too many.
    """
    before, after = axis.reach - 1 - axis.before, axis.reach - 1 - axis.after
    if 0 <= before - after < max(axis.stretch, axis.dilation):
        return before, before - after, 0
    return min(before, after), 0, max(before - after, 0)


class PartialConv1d(_PartialConv, nn.Conv1d):
    """Partial convolution over a line; see `PartialConv2d`."""

    _convolution = staticmethod(functional.conv1d)


class PartialConv2d(_PartialConv, nn.Conv2d):
    """Partial convolution over pixels, in place of `torch.nn.Conv2d`: same arguments, same state_dict.

    `layer(x)` takes all of x as known and only evens out the border; `layer(x, known)` also lacunae,
    and returns (y, known of y). `padding` may also be uneven, and "same" at any stride: see `Padding`.
    Nothing is kept between calls.

    Shapes:
        x (B, C, H, W), known (B, 1, H, W) with 1 = known, 0 = lost (other forms: `Known`)
        -> y (B, out, H', W'), known (B, 1, H', W')

    Raises:
        BadUsage: padding_mode other than "zeros", whose samples would be invented; wrong shapes.
        GridMismatch: known has another grid than x.

    Example:
        Neither lacunae nor the border dim a constant picture:

        >>> mean = PartialConv2d(1, 1, kernel_size=3, padding=1, bias=False)
        >>> _ = nn.init.constant_(mean.weight, 1 / 9)
        >>> known = torch.ones(1, 1, 5, 5)
        >>> known[..., 1:3, 1:3] = 0
        >>> y, known = mean(torch.ones(1, 1, 5, 5), known)
        >>> torch.allclose(y, torch.ones(1, 1, 5, 5)), bool(known.all())
        (True, True)
    """

    _convolution = staticmethod(functional.conv2d)


class PartialConv3d(_PartialConv, nn.Conv3d):
    """Partial convolution over a volume; see `PartialConv2d`."""

    _convolution = staticmethod(functional.conv3d)


class PartialConvTranspose1d(_PartialConvTranspose, nn.ConvTranspose1d):  # type: ignore[misc]  # known stands where torch has output_size
    """Partial transposed convolution over a line; see `PartialConvTranspose2d`."""

    _convolution = staticmethod(functional.conv_transpose1d)


class PartialConvTranspose2d(_PartialConvTranspose, nn.ConvTranspose2d):  # type: ignore[misc]  # known stands where torch has output_size
    """Partial transposed convolution, in place of `torch.nn.ConvTranspose2d`: same arguments, same state.

    The zeros that the stride puts between samples count as lost, so the checkerboard of a kernel that
    is no multiple of its stride is evened out as well as the border. Otherwise as `PartialConv2d`.

    Example:
        FP-CAE, figure 3: one answer sees 1, 2 or 4 samples, and all answers are 4:

        >>> up = PartialConvTranspose2d(1, 1, kernel_size=3, stride=2, padding=1, bias=False)
        >>> _ = nn.init.ones_(up.weight)
        >>> up(torch.ones(1, 1, 3, 3)).unique().tolist()
        [4.0]
    """

    _convolution = staticmethod(functional.conv_transpose2d)


class PartialConvTranspose3d(_PartialConvTranspose, nn.ConvTranspose3d):  # type: ignore[misc]  # known stands where torch has output_size
    """Partial transposed convolution over a volume; see `PartialConvTranspose2d`."""

    _convolution = staticmethod(functional.conv_transpose3d)


_TWINS: dict[type[nn.Module], type[_Partial]] = {
    nn.Conv1d: PartialConv1d,
    nn.Conv2d: PartialConv2d,
    nn.Conv3d: PartialConv3d,
    nn.ConvTranspose1d: PartialConvTranspose1d,
    nn.ConvTranspose2d: PartialConvTranspose2d,
    nn.ConvTranspose3d: PartialConvTranspose3d,
}


def partial(module: nn.Module) -> nn.Module:
    """Turn a convolution into its partial twin, which shares its parameters and its state_dict keys.

    Args:
        module: a `torch.nn.Conv1d`, `Conv2d`, `Conv3d` or `ConvTranspose1d`, ...; it stays as it is.

    Raises:
        BadUsage: module is something else, or pads with other than zeros.

    Example:
        >>> plain = nn.Conv2d(3, 8, kernel_size=3, padding=1)
        >>> partial(plain).weight is plain.weight
        True
    """
    if type(module) not in _TWINS:
        raise BadUsage(
            f"partial() takes one of torch's own convolutions, got {type(module).__name__}; "
            "apply it to the convolutions inside, and before weight_norm or the like"
        )
    assert isinstance(module, _ConvNd)  # every key of _TWINS is; this is for the type checker
    _refuse(module.padding_mode)
    options: dict[str, Any] = {"output_padding": module.output_padding} if module.transposed else {}
    twin = _TWINS[type(module)](
        module.in_channels,
        module.out_channels,
        module.kernel_size,
        stride=module.stride,
        padding=module.padding,
        dilation=module.dilation,
        groups=module.groups,
        bias=module.bias is not None,
        device="meta",
        **options,
    )
    twin.weight, twin.bias = module.weight, module.bias
    return twin.train(module.training)


def _refuse(padding_mode: str) -> None:
    if padding_mode != "zeros":
        raise BadUsage(
            f"partial convolution pads with nothing, so padding_mode must be 'zeros', got {padding_mode!r}; "
            "pad x yourself to make up samples"
        )
