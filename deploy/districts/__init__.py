"""District profiles, one folder each, and the generator of their sample grids."""
