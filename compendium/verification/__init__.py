"""Printed numbers put to the proof: arithmetic, contradictions, verdicts, and the page that shows them."""
