"""The pages of the data protection officer: the two logs, the report for a family, what looked odd. Nothing of content."""
