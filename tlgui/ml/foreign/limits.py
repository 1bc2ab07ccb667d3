"""How much a file from somebody else may ask for.

The largest supported model is VGG16 with its ImageNet head, 553 MB of weights; the
longest architecture is NASNetMobile's, 0.8 MB of JSON, 79,000 tokens, 12 levels.
"""

MEGABYTE = 2**20

# The file and its archive. No Keras archive needs the zip64 format below 4 GB.
FILE_BYTES = 2**32 - 1
ARCHIVE_MEMBERS = 8
ARCHIVE_DIRECTORY_BYTES = 8 * 1024
DEFLATE_RATIO = 200
DEFLATED_WEIGHTS_BYTES = 256 * MEGABYTE  # they are unpacked in memory

# JSON.
JSON_BYTES = 8 * MEGABYTE
JSON_DEPTH = 64
JSON_TOKENS = 1_000_000
JSON_NUMBER_LETTERS = 40

# HDF5.
HDF5_DEPTH = 24
HDF5_OBJECTS = 20_000
HDF5_ATTRIBUTES = 200
HDF5_ATTRIBUTE_ELEMENTS = 20_000
HDF5_ATTRIBUTE_BYTES = 8 * MEGABYTE
HDF5_NAME_BYTES = 512
HDF5_RANK = 8
HDF5_FILTERS = 3
HDF5_CHUNK_BYTES = 64 * MEGABYTE
HDF5_GZIP_RATIO = 100  # of one data set: zeros shrink well, trained weights hardly
HDF5_TOTAL_RATIO = 4
HDF5_SMALL_BYTES = 16 * MEGABYTE  # a small model may shrink as it likes
HDF5_READ_BYTES = 64 * MEGABYTE  # what is held at a time while reading

# The child process.
CHILD_MEMORY = 2**30  # at most; a small file gets less
CHILD_BASE_MEMORY = 512 * MEGABYTE
CHILD_START_SECONDS = 60.0  # imports, before a byte of the file is read
CHILD_CHECK_SECONDS = 5.0
CHILD_BYTES_PER_SECOND = 20 * MEGABYTE  # the slowest disk that is waited for
MANIFEST_BYTES = 32 * MEGABYTE

# The architecture.
MODEL_DEPTH = 8
MODEL_NODES = 2_000
MODEL_PASSES = 50
NAME_LETTERS = 200
INTEGER = 65_536
NUMBER = 1e9
SAMPLE_ELEMENTS = 2**26  # numbers that one layer makes of one photo


def child_memory(size: int) -> int:
    """Bytes of address space for a child that reads `size` bytes of HDF5.

    Python, numpy and HDF5 take a fifth of the base; of the file only what was
    deflated and one part of an array are held at a time.
    """
    return min(CHILD_MEMORY, CHILD_BASE_MEMORY + 2 * size)


def most_numbers(size: int) -> int:
    """How many bytes of arrays an HDF5 file of `size` bytes may unpack to."""
    return min(FILE_BYTES, HDF5_TOTAL_RATIO * size + HDF5_SMALL_BYTES)
