"""What a run is, in plain Python: no Qt, no TensorFlow."""
