"""Forecasts of jobs: made, followed, compared with what came."""
