"""The command line: one verb per file; heavy imports stay inside the verb."""
