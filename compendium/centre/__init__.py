"""Another centre's patients."""
