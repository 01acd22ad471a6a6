"""The programme's rules as pure functions and numbers, each naming its number (R32)."""
