"""The door: files in, nouns out, and back. Depth, profile, resolution, metadata and history are kept."""
