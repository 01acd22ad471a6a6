"""How fast the workers are, beside which peers: ``python -m bench``."""
