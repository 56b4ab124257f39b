"""The main job on a sample, through the public API: dataset, experiment, two workflows, comparison."""
