"""Everything an SRE looks at: metrics, logs, health."""
