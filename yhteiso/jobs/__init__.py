"""Background work that can be trusted: when each job last ran, tasks that always fail, the clock's silences, health."""
