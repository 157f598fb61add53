"""What a run shows of itself in a terminal."""
