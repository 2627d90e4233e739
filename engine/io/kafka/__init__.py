"""Apache Kafka on aiokafka: source, sink, journal, history, topics, and the lease that keeps engines apart."""
