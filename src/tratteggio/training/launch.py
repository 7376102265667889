"""Where a run takes place: one CPU, one GPU, or the processes that torchrun started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from torch import distributed

from tratteggio.errors import BadUsage
from tratteggio.extras import optional
from tratteggio.models.serving import resolve_device
from tratteggio.training.recipe import Recipe

if TYPE_CHECKING:
    from lightning_fabric import Fabric

PRECISIONS: dict[str, Literal["32-true", "bf16-mixed"]] = {"32": "32-true", "bf16": "bf16-mixed"}


@contextmanager
def launched(recipe: Recipe, device: str) -> Iterator[Fabric]:
    """Join the processes that torchrun started, or stay alone; they part when the block ends.

    What `Fabric.setup_module` gave must be gone by then: torch takes leave of the others in whoever holds the
    group last, and if that is the model, it waits for a thread that waits for Python's lock, for ever.

    Args:
        recipe: its precision is used, and its batch is to be shared.
        device: "auto" takes a GPU if there is one, else "cpu" or "cuda".

    Yields:
        what knows the device, the precision and the other processes.

    Raises:
        UnknownName: no such device.
        BadUsage: no GPU here, or a batch that cannot be shared evenly.
        MissingExtra: Lightning Fabric is not installed.
    """
    there = resolve_device(device)
    several = distributed.is_torchelastic_launched()
    world = int(os.environ["WORLD_SIZE"]) if several else 1
    local = int(os.environ["LOCAL_WORLD_SIZE"]) if several else 1
    if recipe.batch % world:
        raise BadUsage(f"{world} processes cannot share a batch of {recipe.batch} evenly; change one of them")
    needs = "training needs Lightning Fabric"
    with optional("lightning_fabric", needs=needs, install="pip install 'tratteggio[train]'"):
        from lightning_fabric import Fabric  # noqa: PLC0415 an extra
    fabric = Fabric(
        accelerator=there,
        devices=local,
        num_nodes=world // local,
        strategy="ddp" if several else "auto",
        precision=PRECISIONS[recipe.precision],
    )
    joining = several and not distributed.is_initialized()
    fabric.launch()
    try:
        yield fabric
        fabric.barrier()
    finally:
        # Without leave, a process aborts now and then while Python shuts down: gloo's threads still run.
        if joining:
            distributed.destroy_process_group()
