"""Values only: what travels between the rooms of osaudit. Nothing here reads, writes or decides."""
