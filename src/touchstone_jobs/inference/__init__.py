"""Answers of a model to every row of a dataset; annotation is the same under another output field."""
