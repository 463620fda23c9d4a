"""How much may cross."""

MAX_BYTES = 64 * 2**20  # of the tensors in one message
MAX_TEXT = 4 * 2**20  # of its JSON
MAX_ERROR = 5000  # characters of an error's message
MAX_DEPTH = 40  # of lists, tuples, dicts and sets in each other
MAX_CALLS = 40  # of calls back and forth in each other
