"""Adapters: where news comes from and where alerts go. None imports another."""
