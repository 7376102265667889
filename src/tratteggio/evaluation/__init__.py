"""Compare results with references, and prove that known paint and metadata are kept."""

from typing import NoReturn

from tratteggio.evaluation.measuring import evaluate
from tratteggio.evaluation.metadata import Finding
from tratteggio.evaluation.proof import Verification, verify
from tratteggio.evaluation.scores import Evaluation, Scores
from tratteggio.renamed import refuse_former

__all__ = ["Evaluation", "Finding", "Scores", "Verification", "evaluate", "verify"]


def __getattr__(name: str) -> NoReturn:
    former = {"evaluate_file": "evaluate", "verify_file": "verify"}
    refuse_former(__name__, name, former)
