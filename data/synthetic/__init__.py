"""A shop that was made up: any number of shoppers of known tastes, to measure size and truth on."""
