"""The running processes, and the only place where parts are put together."""
