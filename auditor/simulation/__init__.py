"""A test double of servers: machine models that answer whatever is asked, and peers that speak for them."""
