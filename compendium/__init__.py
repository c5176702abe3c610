"""What makes the analysis a compendium."""
