"""Training objectives: pure functions on tensors, one file per family, weights and scales as published."""
