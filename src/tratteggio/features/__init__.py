"""What a net sees in a painting: features over any size, what they miss, and pictures of them for people."""

from tratteggio.features.encoding import encode, encode_file
from tratteggio.features.few_labels import Learner, learn
from tratteggio.features.images import cluster_picture, principal_picture
from tratteggio.features.views import Disagreement, Errors, Latents, View

__all__ = [
    "Disagreement",
    "Errors",
    "Latents",
    "Learner",
    "View",
    "cluster_picture",
    "encode",
    "encode_file",
    "learn",
    "principal_picture",
]
