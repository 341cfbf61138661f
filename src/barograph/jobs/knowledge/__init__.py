"""What the user knows of jobs: calendars, filters, notes."""
