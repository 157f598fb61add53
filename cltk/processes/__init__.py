"""What concerns the process as a whole: its signals, its start and end, and processes beside it."""
