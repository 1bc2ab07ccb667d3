"""The window: widgets that take their model and listen."""
