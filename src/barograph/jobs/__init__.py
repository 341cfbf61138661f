"""A job's life: create, feed, commit, resume, describe, reset, delete."""
