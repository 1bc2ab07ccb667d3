"""The worker thread and the engine process it supervises."""
