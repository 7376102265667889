"""Kinds of files, one file each. What a format must offer: `tratteggio.roles.Format`.

`tratteggio.files` finds them by name, as it finds those of other packages, and never imports one itself.
"""
