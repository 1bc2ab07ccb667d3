"""The bundle and the disk image for Macs with Apple silicon."""
