"""Monitors: searches of results at their times, and alerts that begin and end with what they find."""
