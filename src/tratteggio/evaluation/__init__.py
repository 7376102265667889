"""Results against references, with every parameter of every measure stated."""

from tratteggio.evaluation.scores import Evaluation, Scores, evaluate
from tratteggio.evaluation.verify import Verification, verify

__all__ = ["Evaluation", "Scores", "Verification", "evaluate", "verify"]
