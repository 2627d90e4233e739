"""A local Apache Kafka without Docker."""
