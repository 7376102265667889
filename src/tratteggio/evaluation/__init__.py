"""Results against references, with every parameter of every measure stated."""

from tratteggio.evaluation.carried import Finding
from tratteggio.evaluation.proof import Verification, verify, verify_file
from tratteggio.evaluation.scores import Evaluation, Scores, evaluate, evaluate_file

__all__ = [
    "Evaluation",
    "Finding",
    "Scores",
    "Verification",
    "evaluate",
    "evaluate_file",
    "verify",
    "verify_file",
]
