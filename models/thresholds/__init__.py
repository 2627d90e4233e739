"""Thresholds as a business decision: where a rule's cut-off lies, what it costs, and which items a human should see."""
