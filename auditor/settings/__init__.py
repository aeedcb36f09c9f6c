"""Files and environment become values: inventory, reference, waivers, credentials."""
