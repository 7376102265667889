"""Every error tratteggio raises on purpose.

    TratteggioError                    exit code 1
    ├── BadUsage (ValueError)                    2   the request itself cannot be met
    │   ├── UnknownName (LookupError)                no engine, finish, ... of that name
    │   ├── GridMismatch                             scan and lacunae are not on one pixel grid
    │   ├── TooNarrow                                a filter looks further than the picture is wide
    │   └── UnsafeOutput                             the output would overwrite something precious
    ├── UnreadableFile                           1   empty, truncated, damaged, too large to be true
    │   ├── UnsupportedFile                          sound, but not a kind of file we read
    │   └── SourceChanged                            an input was replaced while it was being read
    ├── UnwritableFile                           1   no permission, no folder, no space
    ├── BadPixels (ValueError)                   1   NaN, infinity: nothing to compute with
    ├── Diverged (ArithmeticError)           1   training met a loss or a gradient that is no finite number
    ├── Misaligned                           1   scans could not be brought onto one grid as exactly as asked
    ├── OutOfMemory (MemoryError)                1   the machine has less memory than the work takes
    ├── ClusterFailed                        1   workers of a cluster, or the connection to them, failed
    ├── MissingExtra (ImportError)               3   an optional dependency, a codec or weights
    ├── BrokenPlugin (ImportError)               3   a part of another package that cannot be imported
    ├── Renamed (ImportError)                    1   a public name that is now called otherwise
    ├── VerificationFailed                       4   paint that was not lost has changed
    ├── Cancelled                              130   raised by a callback of progress to stop the work
    └── Stopped                                130   interrupted; what was done can be resumed

Each message is one sentence or two: what must hold, what came (by name), what to do. It names options and
functions as Python does, in backticks where it advises (`resume=True`, `tratteggio.register`);
`cli.wording` turns these into flags and commands.
"""


class TratteggioError(Exception):
    """Base of all errors raised on purpose; `exit_code` is what the command line returns for it.

    Attributes:
        option: the name of the option or argument that is at fault; the message begins with it.
    """

    exit_code = 1

    def __init__(self, *args: object, option: str | None = None) -> None:
        super().__init__(*args)
        self.option = option


class BadUsage(TratteggioError, ValueError):
    """The request cannot be met as it stands: an option, a size, a combination."""

    exit_code = 2


class UnknownName(BadUsage, LookupError):
    """Nothing is registered under that name; the message lists what is, nearest first."""


class GridMismatch(BadUsage):
    """Two things that must share one pixel grid do not."""


class TooNarrow(BadUsage):
    """A filter's window reaches further than the picture is wide."""


class UnsafeOutput(BadUsage):
    """The output would overwrite its own source, or stands where an unfinished job lies."""


class UnreadableFile(TratteggioError):
    """The file is missing, empty, truncated or damaged."""


class UnsupportedFile(UnreadableFile):
    """The file is sound but holds what we do not read (CMYK, palette, signed integers, ...)."""


class SourceChanged(UnreadableFile):
    """An input was replaced, changed or removed while it was being read; nothing was saved."""


class UnwritableFile(TratteggioError):
    """The output could not be written; nothing partial was left behind."""


class BadPixels(TratteggioError, ValueError):
    """The known paint holds NaN or infinite values."""


class Diverged(TratteggioError, ArithmeticError):
    """Training met a loss or a gradient that is NaN or infinite; the batch it came from is saved."""


class Misaligned(TratteggioError):
    """Scans could not be brought onto one grid: nothing in common was found, or the residual is too large."""


class MissingExtra(TratteggioError, ImportError):
    """An optional dependency, codec or set of weights is not installed; the message says how to get it."""

    exit_code = 3


class BrokenPlugin(TratteggioError, ImportError):
    """An engine, detector, ... is registered but cannot be imported or used; the message gives the cause."""

    exit_code = 3


class Renamed(TratteggioError, ImportError):
    """A public name has changed; the message gives the new one."""


class OutOfMemory(TratteggioError, MemoryError):
    """The work takes more memory than the machine, or its GPU, has left."""


class ClusterFailed(TratteggioError):
    """Workers of a cluster, or the connection to them, failed; what was finished is kept."""


class VerificationFailed(TratteggioError):
    """Pixels outside the lacunae differ from the source."""

    exit_code = 4


class Cancelled(TratteggioError):
    """Raise this in a callback of progress to stop the work; a job with a ledger can then be resumed."""

    exit_code = 130


class Stopped(TratteggioError):
    """The work was interrupted; what was finished is on disk and it can be resumed."""

    exit_code = 130
