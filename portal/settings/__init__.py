"""Settings by environment: base is shared; dev, demo, test and production say only what differs."""
