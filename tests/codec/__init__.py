"""Tests of ``engine.codec``."""
