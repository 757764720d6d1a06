"""Shared measures: their definitions, the frozen months, and the leadership team's page."""
