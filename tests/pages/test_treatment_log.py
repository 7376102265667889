"""The treatment log in a report."""

from tratteggio.pages.treatment_log import log_table

ENTRY = {
    "when": "2026-11-30T10:00Z",
    "who": "Ada",
    "what": "fill",
    "file": "a.tif",
    "files": ["b", "c"],
}


def test_every_entry_is_a_row_with_its_details():
    page = str(log_table([ENTRY, {"when": "later", "who": "Bo", "what": "note", "text": "raking light"}]))
    assert page.count("<tr>") == 3  # with the heads
    assert "file: a.tif; files: b, c" in page
    assert "<td>raking light</td>" in page


def test_what_users_wrote_is_no_markup():
    page = str(log_table([{"what": "note", "text": "<script>alert(1)</script>"}]))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
