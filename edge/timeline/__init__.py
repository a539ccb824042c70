"""The timeline of clips, editing it with undo and a journal, and files for editing programs (`export`)."""
