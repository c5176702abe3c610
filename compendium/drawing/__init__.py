"""The figures: each module draws one of them from a frame; nothing is computed here."""
