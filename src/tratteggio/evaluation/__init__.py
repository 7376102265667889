"""Results against references, with every parameter of every measure stated."""

from typing import NoReturn

from tratteggio.evaluation.carried import Finding
from tratteggio.evaluation.proof import Verification, verify
from tratteggio.evaluation.scores import Evaluation, Scores, evaluate
from tratteggio.renamed import refuse_former

__all__ = ["Evaluation", "Finding", "Scores", "Verification", "evaluate", "verify"]


def __getattr__(name: str) -> NoReturn:
    former = {"evaluate_file": "evaluate", "verify_file": "verify"}
    refuse_former(__name__, name, former)
