"""Labels when there are none: a guideline, a language model behind an API, and checks on what it says."""
