"""What is done about each message: one module per family, one function per kind."""
