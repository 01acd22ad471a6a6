"""What time alone sets off: one file per sweep, each to be run for any local date."""
