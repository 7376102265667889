"""What a screen shows of samples, as the studio uses it; the conversion is that of all viewing copies."""

from tratteggio.files.display import Conversion, Tone, conversion_of

__all__ = ["Conversion", "Tone", "conversion_of"]
