"""Slow, obvious definitions of what the kernels compute."""
