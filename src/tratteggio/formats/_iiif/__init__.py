"""How IIIF images and manifests are read and written."""
