"""The engine room: the only package that imports TensorFlow and Keras."""
