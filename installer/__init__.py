"""Ways onto a machine: from the source tree here, packages for each system later."""
