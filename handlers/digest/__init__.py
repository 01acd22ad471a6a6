"""What the administrators' daily digest lists: one module per subject, each with its ``LISTINGS``; adding one edits no list."""
