"""Run the notebooks: what is out of date, side by side, with strict parameters, and nothing half-written."""
