"""The laws of `tratteggio.testing`, over every format that is registered."""

from tratteggio import registry
from tratteggio.roles import ScanReader, ScanWriter, StackReader, StackWriter
from tratteggio.testing import FormatLaws, ScanFormatLaws, StackFormatLaws

FORMATS = {name: registry.load("formats", name) for name in registry.names("formats")}


class TestFormats(FormatLaws):
    names = tuple(FORMATS)


class TestScanFormats(ScanFormatLaws):
    names = tuple(
        name for name, one in FORMATS.items() if isinstance(one, ScanReader) and isinstance(one, ScanWriter)
    )


class TestStackFormats(StackFormatLaws):
    names = tuple(
        name for name, one in FORMATS.items() if isinstance(one, StackReader) and isinstance(one, StackWriter)
    )


def test_the_formats_that_write_are_held_to_what_they_write() -> None:
    assert {"tiff", "png", "jpeg"} <= set(TestScanFormats.names)
    assert {"ome_tiff", "ome_zarr"} <= set(TestStackFormats.names)
