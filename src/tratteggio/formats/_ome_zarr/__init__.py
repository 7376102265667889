"""How an OME-Zarr is read and written."""
