"""The quick-cut page: a server on this machine that edits one recording, and the page that it serves."""
