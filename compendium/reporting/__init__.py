"""What is computed, made readable: numbers as text, tables as pages, files with equal bytes."""
