"""Alerts: rules that say what of the results is worth telling somebody, and channels over which it is told."""
