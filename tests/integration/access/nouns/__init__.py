"""One module for each noun; `calls.py` says what they hold. Whatever stands in this folder is taken."""
