"""What was written with the effects leaves from here: e-mails, events, answers; and deferred messages have their turn."""
