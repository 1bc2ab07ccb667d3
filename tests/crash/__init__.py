"""What is left after a kill, a full disk, a faulty disk or a power cut."""
