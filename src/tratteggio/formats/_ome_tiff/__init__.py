"""How an OME-TIFF is read and written: a TIFF with an OME-XML."""
