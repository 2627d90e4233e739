"""The commands of ``python -m models``: arguments in, one call out.

Heavy imports stand inside the commands, so that ``--help`` and ``evaluate`` work without the training extra.
"""
