"""Finding a report's category in its text: by a district's own words, and by what a centre's history has taught."""
