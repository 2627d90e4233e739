"""Flashwire's running system: news in, scores, rules, alerts out. Start reading at ``pipeline.py``."""

__version__ = "0.1.0"
