"""Files and folders: safe to open, locked, written whole."""
