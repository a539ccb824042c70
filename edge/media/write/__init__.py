"""Write media files: cut, concatenate, copy or encode."""
