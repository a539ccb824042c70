"""Look into the files of runtimes before a runtime loads them: operators, sizes, inputs."""
