"""The page of evidence is that of the reports, and names every document and verdict."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def evidence() -> ModuleType:
    spec = importlib.util.spec_from_file_location("evidence", DOCS / "evidence.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_that_of_the_reports(evidence: ModuleType) -> None:
    assert evidence.PAGE.read_text("utf-8") == evidence.page()


def test_a_figure_that_changes_changes_the_page(evidence: ModuleType, monkeypatch) -> None:
    report = evidence._report
    changed = {**report("srcnn"), "tables": [dict(table) for table in report("srcnn")["tables"]]}
    for table in changed["tables"]:
        table["rows"] = [{**row, "ours": dict.fromkeys(row["ours"], 77.7)} for row in table["rows"]]
    monkeypatch.setattr(evidence, "_report", lambda name: changed if name == "srcnn" else report(name))
    assert "77.7" in evidence.page()


def test_a_claim_that_a_report_no_longer_makes_is_told(evidence: ModuleType) -> None:
    with pytest.raises(LookupError, match="has 0 claims that begin with 'Gold'"):
        evidence._judged("srcnn", "Gold")
    with pytest.raises(LookupError, match="has no figure for 'bicubic', 'gold'"):
        evidence._figure("srcnn", "Enlarged 3 times", "bicubic", "gold")


def test_of_several_claims_the_worst_verdict_counts(evidence: ModuleType) -> None:
    row = evidence._row(
        {
            "text": "x",
            "report": "descriptor",
            "claims": [
                "On phantoms, v128, patch by patch, finds",
                "On phantoms, exhaustive search is best where little is missing, and v128, patch by patch",
            ],
        }
    )
    assert row[3] == "not reproduced"
