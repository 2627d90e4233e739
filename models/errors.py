"""Every error of the offline half; the command line prints its one line and exits with 2.

ModelsError
├── ProfileError    a profile that cannot be used
├── DataError       a data file that is missing, or holds a row that cannot be used
├── ProbesError     a file of probes that cannot be used
├── CardError       prose of a model card that cannot be used
├── EncoderError    the pre-trained encoder is not installed
├── RunError        a training run that is missing, unfinished, or belongs to other data
├── ExportError     an exported graph that is not what it must be: unfused, not int8, too large, or off
├── LabelError      labelling cannot start or go on: an option, the key, the server, the spending limit
└── ThresholdError  no cut-off is what was asked for, or a rules file has no one place for it
"""

from __future__ import annotations


class ModelsError(ValueError):
    """Base of them all. The message names the file, the field and the mend."""


class ProfileError(ModelsError):
    """A profile that cannot be used. The message names the file, the field and the mend."""


class DataError(ModelsError):
    """A data file that is missing or holds a row that cannot be used; names file, line and mend."""


class ProbesError(ModelsError):
    """A file of probes that cannot be used; names the file, the probe and the mend."""


class CardError(ModelsError):
    """The prose of a model card cannot be used; names the file, the field and the mend."""


class EncoderError(ModelsError):
    """The pre-trained encoder is not installed; the message says what to install."""


class RunError(ModelsError):
    """A training run that is missing, unfinished, or belongs to other data."""


class ExportError(ModelsError):
    """A graph that did not come out as it must; the message gives what was found."""


class LabelError(ModelsError):
    """Labelling cannot start or go on; what was labelled so far is kept. The message says what to change."""


class ThresholdError(ModelsError):
    """No cut-off is what was asked for, or there is no one place for it in a rules file; the message gives the mend."""
