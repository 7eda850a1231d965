"""Files and folders on disk: read at once, written whole or not at all."""
