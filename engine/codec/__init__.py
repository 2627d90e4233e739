"""Bytes ↔ types: news in, alerts, journal records and dead letters out."""
