"""Detectors: what finds damage, one file each; the file name is the detector's name. See `roles.Detector`."""
