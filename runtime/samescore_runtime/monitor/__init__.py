"""What the service counts: metrics of all its processes, and how far live columns are from the profile in the artifact."""
