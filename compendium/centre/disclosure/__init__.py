"""Statistical disclosure control: which counts of shared tables to hide, and what their reader can still infer."""
