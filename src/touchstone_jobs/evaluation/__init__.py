"""Scores of a model's predictions, row by row and on average, under the names of the evaluation contract."""
