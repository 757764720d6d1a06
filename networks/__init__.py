"""Who there is: counties, municipalities, areas, agencies, units, services, people and their roles."""
