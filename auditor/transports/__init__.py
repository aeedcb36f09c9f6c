"""The only code that touches a server."""
