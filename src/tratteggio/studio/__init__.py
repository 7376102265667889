"""The studio: look at a painting, mark its damage, fill it and compare, in the browser, on one's own machine.

The server is the only one that touches files. The page (built from `frontend/`) shows tiles and sends what
the user does.
"""
