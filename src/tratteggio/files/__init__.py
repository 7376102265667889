"""The door: files in, nouns out, and back. Depth, profile, resolution, metadata and history are kept."""

from typing import NoReturn

from tratteggio.files.beside import beside, refuse_overwrite
from tratteggio.files.icc import profile_name, to_lab
from tratteggio.files.indexed import read_indexed, stated_orientation, write_indexed
from tratteggio.files.inspection import inspect
from tratteggio.files.labels import read_labels
from tratteggio.files.limits import decoded_limit
from tratteggio.files.masks import read_lacunae
from tratteggio.files.orientation import orient_to_scan
from tratteggio.files.outside import outside_allowed
from tratteggio.files.overview import overview
from tratteggio.files.preview import preview
from tratteggio.files.provenance import read_history, sha256, sha256_of, sha256_pixels, sidecar, write_history
from tratteggio.files.reading import read
from tratteggio.files.saving import require_scan_writable, require_writable, save, save_made
from tratteggio.files.stacks import read_stack, write_stack
from tratteggio.files.writing import white_where_lost, write, write_lacunae
from tratteggio.renamed import refuse_former

__all__ = [
    "beside",
    "decoded_limit",
    "inspect",
    "orient_to_scan",
    "outside_allowed",
    "overview",
    "preview",
    "profile_name",
    "read",
    "read_history",
    "read_indexed",
    "read_labels",
    "read_lacunae",
    "read_stack",
    "refuse_overwrite",
    "require_scan_writable",
    "require_writable",
    "save",
    "save_made",
    "sha256",
    "sha256_of",
    "sha256_pixels",
    "sidecar",
    "stated_orientation",
    "to_lab",
    "white_where_lost",
    "write",
    "write_history",
    "write_indexed",
    "write_lacunae",
    "write_stack",
]


def __getattr__(name: str) -> NoReturn:
    refuse_former(__name__, name, {"laid": "orient_to_scan"})
