"""A hat is a database role. A request wears one, and PostgreSQL shows it only what that hat may see."""
