"""The latency suite: what an SRE runs to prove that the engine holds its promise."""
