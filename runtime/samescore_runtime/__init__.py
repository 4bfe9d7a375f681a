"""The lean runtime of samescore: load an artifact, check it, score with it."""

__version__ = "0.1.0"
