"""Bytes to types and back: news in; alerts, journal records and dead letters out. See docs/formats.md."""
