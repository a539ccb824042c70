"""Model folders, their manifests, and the networks every system shares."""
