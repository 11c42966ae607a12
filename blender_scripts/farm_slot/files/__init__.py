"""Files outside the blendfile: which ones its data names, which of them may be opened, and where they are."""
