"""Studies: many runs under one question, spread over processes and machines, that survive being killed."""
