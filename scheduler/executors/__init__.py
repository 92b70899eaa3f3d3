"""What this machine can do itself: browser, mail, files."""
