"""A plugin of pytest that keeps a grammar of web addresses out of every process: a second of each that nothing uses.

The package jsonschema imports it for a check of formats, and expects that it may be absent.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)
