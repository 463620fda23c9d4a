"""Limits of what may be sent across the border."""

MAX_BYTES = 64 * 2**20  # of all tensors in one message
MAX_TEXT = 4 * 2**20  # bytes of JSON in one message
MAX_ERROR = 5000  # characters of an exception's message
MAX_DEPTH = 40  # of nested lists, tuples, dicts and sets
MAX_CALLS = 40  # of nested calls back and forth
