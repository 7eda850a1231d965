"""The users: visits, orders afterwards, attacks."""
