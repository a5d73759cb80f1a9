"""Schedules, sensors, alerts."""
