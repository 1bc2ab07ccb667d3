"""Transfer Learning Studio: fine-tune pretrained models on your own data."""

__version__ = "0.1.0"
