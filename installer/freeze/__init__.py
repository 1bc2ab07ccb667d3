"""The program with its own Python, in one folder that needs nothing installed."""
