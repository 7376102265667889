"""The training bench: patches and damage in, weights out; resumable to the bit."""
