"""Model folders: manifests, checks, the store, and sessions in the supported runtimes."""
