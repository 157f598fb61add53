"""What a study asks: cells of a grid, or a search, and what it is going to cost."""
