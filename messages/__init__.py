"""What is said: messages, their envelope, the formats they travel in. Pure values, no input or output."""
