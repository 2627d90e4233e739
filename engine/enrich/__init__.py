"""What an item is about, beyond what its feed says."""
