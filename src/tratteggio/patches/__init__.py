"""Fill from the painting's own paint: patches as labels of a lattice, chosen together, cut and pasted.

lattice    nodes over the lacunae, and where whole patches of known paint begin
cost       what a patch is compared by, pixels or descriptors, at a node and where two patches overlap
search     which patches come into question at a node
consensus  few labels a node, then one each, chosen together: pruning and message passing
paste      patches laid over each other, along the path where they differ least or in the mean
canvas     a window with other places of the painting beside it
pyramid    all of it, from coarse to fine
places     places of one level that look for paint, what they may find, and what they cover
traits     what patches are compared by there: colours, texture, broad tones, place
voting     patches vote on lost pixels, and look for themselves anew, by turns
closing    pieces that meet in their tones: a Poisson equation inside the lacunae
joint      pieces of paint along a structure image: voting from coarse to fine, then closing
context    which places those are: blocks of the whole painting that are alike
"""

from tratteggio.patches.canvas import Hint, Swatch
from tratteggio.patches.joint import fill_along
from tratteggio.patches.pyramid import Filled, Look, fill_from_patches

__all__ = ["Filled", "Hint", "Look", "Swatch", "fill_along", "fill_from_patches"]
