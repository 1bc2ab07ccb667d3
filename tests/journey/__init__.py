"""What a journey through the real program needs: a display, eyes and hands."""
