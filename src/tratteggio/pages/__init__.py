"""Self-contained HTML pages that open from disk: the report and the curtain."""
