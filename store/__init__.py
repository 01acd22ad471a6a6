"""What is kept: one contract, two engines, SQL in files."""
