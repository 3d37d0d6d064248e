"""MLLP: HL7 v2 over TCP. Keep first, answer after (`docs/reference/mllp.md`)."""
