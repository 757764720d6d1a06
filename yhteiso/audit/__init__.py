"""Who read and did what. Knows no other application: a row names the case by number, not by key."""
