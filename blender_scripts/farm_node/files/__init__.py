"""Files and folders: opened safely, locked, written completely."""
