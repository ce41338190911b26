"""A host to test against: it answers, misanswers and keeps a journal of what it charged."""
