"""What is visible inside the sandbox, where nothing is trusted: no spec, no answer, no score."""
