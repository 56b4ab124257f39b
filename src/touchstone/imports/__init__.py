"""What other services have recorded, brought into ours."""
