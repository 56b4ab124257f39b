"""What runs on the cluster: inference, annotation and evaluation. Imports nothing of the service."""
