"""`OME/METADATA.ome.xml`: the scans of a stack in OME-XML, which some viewers look for beside `zarr.json`.

napari-ome-zarr opens a collection by the IDs of its images: "Image:rgb" is the folder `rgb`.
Source: OME data model 2016-06 (docs.openmicroscopy.org).
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from tratteggio.painting import Scan, Stack
from tratteggio.version import __version__

FILE = "METADATA.ome.xml"
SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
TYPES = {"float32": "float", "float64": "double"}  # the names of others are those of their dtypes


def write_ome_xml(stack: Stack, folder: Path) -> None:
    """Write the scans of a stack: name, size, depth, channels and scale.

    Args:
        stack: what the OME-Zarr holds.
        folder: its folder `OME`.
    """
    root = ET.Element("OME", xmlns=SCHEMA, Creator=f"tratteggio {__version__}")
    for scan in stack.scans:
        root.append(_image(scan))
    ET.indent(root)
    (folder / FILE).write_bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n")


def _image(scan: Scan) -> ET.Element:
    """Describe one scan; its pixels are elsewhere (`MetadataOnly`)."""
    name, (rows, cols) = scan.modality, scan.grid
    samples, depth = scan.channels + scan.alpha, scan.dtype.name
    image = ET.Element("Image", ID=f"Image:{name}", Name=name)
    pixels = ET.SubElement(
        image, "Pixels", ID=f"Pixels:{name}", DimensionOrder="XYCZT", Type=TYPES.get(depth, depth),
        SizeX=str(cols), SizeY=str(rows), SizeZ="1", SizeC=str(samples), SizeT="1",
    )  # fmt: skip
    if spacing := scan.metadata.spacing_um:
        for axis, length in zip("YX", spacing, strict=True):
            pixels.set(f"PhysicalSize{axis}", repr(float(length)))
            pixels.set(f"PhysicalSize{axis}Unit", "µm")
    for channel in range(samples):
        ET.SubElement(pixels, "Channel", ID=f"Channel:{name}:{channel}", SamplesPerPixel="1")
    ET.SubElement(pixels, "MetadataOnly")
    return image
