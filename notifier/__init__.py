"""A notice becomes a delivered e-mail: rendered, handed over, its fate told."""
