"""Stage two: features as of one moment, the LightGBM ranker, and the recommender that joins both stages."""
