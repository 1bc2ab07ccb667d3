"""One file for any Linux: it installs for one person, without root."""
