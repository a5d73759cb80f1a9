"""What an auditor is given: attempts, journal, manifests, packages."""
