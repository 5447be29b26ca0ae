"""Errors that speak: what is wrong, where, and what to do about it.

Only files, settings and models fail. The content of a post never does.
"""


class PharmaspamError(ValueError):
    """Base of all errors of this package; the command line prints its message on one line."""


class CorpusError(PharmaspamError):
    """A row of labelled data or of a lexicon cannot be used."""


class ModelError(PharmaspamError):
    """A model folder is missing, damaged, foreign or of another format."""


class ConfigError(PharmaspamError):
    """A setting or a policy makes no sense."""
