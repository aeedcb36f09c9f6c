"""Reports and diffs: from a stored scan to a finished view, and from the view to HTML, JSON and terminal text."""
