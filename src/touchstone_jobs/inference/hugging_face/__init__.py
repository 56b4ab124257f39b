"""Models of Hugging Face's transformers, run on the cluster's own CPUs and GPUs."""
