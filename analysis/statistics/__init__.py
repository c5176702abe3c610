"""Tests, intervals and curves: numbers in, numbers out, nothing of the study."""
