"""Content Credentials (C2PA): sign a picture that was made here, and read who signed one."""

from tratteggio.credentials.checking import Signature, read_signature
from tratteggio.credentials.signing import sign

__all__ = ["Signature", "read_signature", "sign"]
