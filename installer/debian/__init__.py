"""The package for Debian, Ubuntu and their relatives."""
