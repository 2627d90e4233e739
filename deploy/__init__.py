"""Data and tools of deployment: configuration, rules, the demo feed, a local Kafka."""
