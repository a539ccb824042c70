"""Timeline of clips, its editor with undo and a journal, and its export to editing programs (`export`)."""
