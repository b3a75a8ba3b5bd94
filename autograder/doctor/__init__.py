"""What this machine offers, and what to install: `gradlab doctor`."""
