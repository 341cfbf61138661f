"""Barograph: finds what is unusual in time series, events and logs, says who is to blame and why, and shows it."""
