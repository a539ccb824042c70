"""All systems over one recording: every stream is decoded once, and evidence is shared."""
