"""What the services have in common: contracts, the district profile and the infrastructure they run on."""
